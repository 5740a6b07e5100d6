// A peer for the tests, with CZMQ. What it is told and what it answers stands in ../peer.mjs.

#include <czmq.h>

static zsock_t *sock;
static zactor_t *auth;

// The words after the command; NULL where there are no more.
static char *word(void) { return strtok(NULL, " \n"); }

static int type_of(const char *name) {
  static const char *names[] = {"PAIR", "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "PULL", "PUSH", "XPUB", "XSUB", "STREAM"};
  static const int types[] = {ZMQ_PAIR, ZMQ_PUB, ZMQ_SUB, ZMQ_REQ, ZMQ_REP, ZMQ_DEALER, ZMQ_ROUTER, ZMQ_PULL, ZMQ_PUSH, ZMQ_XPUB, ZMQ_XSUB, ZMQ_STREAM};
  for (int index = 0; index < 12; index++)
    if (streq(names[index], name)) return types[index];
  return -1;
}

static void print_hex(const byte *data, size_t size) {
  static const char digits[] = "0123456789abcdef";
  char *text = (char *)malloc(2 * size + 2);
  char *end = text;
  if (size == 0) *end++ = '-';
  for (size_t index = 0; index < size; index++) {
    *end++ = digits[data[index] >> 4];
    *end++ = digits[data[index] & 15];
  }
  printf(" %.*s", (int)(end - text), text);
  free(text);
}

static int digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

static byte *unhexed(const char *text, size_t *size) {
  *size = streq(text, "-") ? 0 : strlen(text) / 2;
  byte *data = (byte *)malloc(*size + 1);
  for (size_t index = 0; index < *size; index++) data[index] = (byte)(digit(text[2 * index]) << 4 | digit(text[2 * index + 1]));
  data[*size] = 0;
  return data;
}

static int authenticate(const char *folder) {
  char *passwords = zsys_sprintf("%s/passwords", folder);
  char *clients = zsys_sprintf("%s/clients", folder);
  auth = zactor_new(zauth, NULL);
  zstr_sendx(auth, "PLAIN", passwords, NULL);
  zsock_wait(auth);
  zstr_sendx(auth, "CURVE", clients, NULL);
  zsock_wait(auth);
  zstr_free(&passwords);
  zstr_free(&clients);
  return 0;
}

static zcert_t *cert_of(const char *public_key, const char *secret_key) {
  byte public_bytes[32], secret_bytes[32];
  zmq_z85_decode(public_bytes, public_key);
  zmq_z85_decode(secret_bytes, secret_key);
  return zcert_new_from(public_bytes, secret_bytes);
}

static int open_socket(void) {
  sock = zsock_new(type_of(word()));
  if (!sock) return -1;
  zsock_set_linger(sock, 1000);
  zsock_set_sndtimeo(sock, 5000);
  const char *mechanism = word();
  if (streq(mechanism, "plain-server")) {
    zsock_set_plain_server(sock, 1);
    zsock_set_zap_domain(sock, "global");
  } else if (streq(mechanism, "plain-client")) {
    zsock_set_plain_username(sock, word());
    zsock_set_plain_password(sock, word());
  } else if (strncmp(mechanism, "curve", 5) == 0) {
    const char *public_key = word();
    zcert_t *cert = cert_of(public_key, word());
    zcert_apply(cert, sock);
    zcert_destroy(&cert);
    if (streq(mechanism, "curve-server")) {
      zsock_set_curve_server(sock, 1);
      zsock_set_zap_domain(sock, "global");
    } else {
      zsock_set_curve_serverkey(sock, word());
    }
  }
  return 0;
}

static int send_message(void) {
  zmsg_t *message = zmsg_new();
  for (char *text = word(); text; text = word()) {
    size_t size;
    byte *data = unhexed(text, &size);
    zmsg_addmem(message, data, size);
    free(data);
  }
  int status = zmsg_send(&message, sock);
  zmsg_destroy(&message);
  return status;
}

// Prints the whole answer.
static void receive(int timeout) {
  zsock_set_rcvtimeo(sock, timeout);
  zmsg_t *message = zmsg_recv(sock);
  if (!message) {
    printf("nothing\n");
    return;
  }
  printf("ok");
  for (zframe_t *frame = zmsg_first(message); frame; frame = zmsg_next(message)) print_hex(zframe_data(frame), zframe_size(frame));
  printf("\n");
  zmsg_destroy(&message);
}

// Makes a certificate: FILE and FILE_secret.
static int save(const char *file, const char *owner) {
  zcert_t *cert = zcert_new();
  zcert_set_meta(cert, "name", "%s", owner);
  int status = zcert_save(cert, file);
  zcert_destroy(&cert);
  return status;
}

static void load(const char *file) {
  zcert_t *cert = zcert_load(file);
  if (!cert) {
    printf("error %s is no certificate\n", file);
    return;
  }
  static const byte none[32];
  bool has_secret = memcmp(zcert_secret_key(cert), none, 32) != 0;
  printf("ok %s %s\n", zcert_public_txt(cert), has_secret ? zcert_secret_txt(cert) : "-");
  zcert_destroy(&cert);
}

static int on_text(int (*set)(void *, const void *, size_t), const char *text) {
  size_t size;
  byte *data = unhexed(text, &size);
  int status = set(zsock_resolve(sock), data, size);
  free(data);
  return status;
}

static int set_name(void *s, const void *data, size_t size) { return zmq_setsockopt(s, ZMQ_ROUTING_ID, data, size); }
static int subscribe(void *s, const void *data, size_t size) { return zmq_setsockopt(s, ZMQ_SUBSCRIBE, data, size); }
static int unsubscribe(void *s, const void *data, size_t size) { return zmq_setsockopt(s, ZMQ_UNSUBSCRIBE, data, size); }

// 0 prints "ok", -1 an error, 1 nothing: the answer is printed already.
static int run(const char *command) {
  if (streq(command, "version")) {
    int major, minor, patch;
    zmq_version(&major, &minor, &patch);
    printf("ok CZMQ %d.%d.%d, libzmq %d.%d.%d\n", CZMQ_VERSION_MAJOR, CZMQ_VERSION_MINOR, CZMQ_VERSION_PATCH, major, minor, patch);
    return 1;
  }
  if (streq(command, "authenticate")) return authenticate(word());
  if (streq(command, "open")) return open_socket();
  if (streq(command, "name")) return on_text(set_name, word());
  if (streq(command, "bind")) {
    char *address = word();
    // To CZMQ "*" is the first free port above 49151, which the last socket may have had a moment ago; "!" is any.
    if (address[strlen(address) - 1] == '*') address[strlen(address) - 1] = '!';
    if (zsock_bind(sock, "%s", address) < 0) return -1;
    printf("ok %s\n", zsock_endpoint(sock));
    return 1;
  }
  if (streq(command, "connect")) return zsock_connect(sock, "%s", word());
  if (streq(command, "subscribe")) return on_text(subscribe, word());
  if (streq(command, "unsubscribe")) return on_text(unsubscribe, word());
  if (streq(command, "send")) return send_message();
  if (streq(command, "receive")) return receive(atoi(word())), 1;
  if (streq(command, "close")) return zsock_destroy(&sock), 0;
  if (streq(command, "save")) {
    const char *file = word();
    return save(file, word());
  }
  if (streq(command, "load")) return load(word()), 1;
  errno = EINVAL;
  return -1;
}

int main(void) {
  char *line = NULL;
  size_t room = 0;
  zsys_set_logstream(stderr);
  while (getline(&line, &room, stdin) > 0) {
    int result = run(strtok(line, " \n"));
    if (result == 0) printf("ok\n");
    else if (result < 0 && errno == EAGAIN) printf("nothing\n");
    else if (result < 0) printf("error %s\n", zmq_strerror(errno));
    fflush(stdout);
  }
  free(line);
  zsock_destroy(&sock);
  zactor_destroy(&auth);
  return 0;
}

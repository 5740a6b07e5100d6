// The clients of handshakes.mjs, with libzmq alone. Each handshake is a socket that sends one request.
// Arguments: endpoint, the server's public key, milliseconds, sockets at a time. Prints the number of handshakes and its CPU time as JSON.
#include <sys/resource.h>
#include <zmq.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

void* context;
std::string endpoint;
std::string server_key;
char public_key[41];
char secret_key[41];

void Check(bool fine, const char* what) {
  if (fine) return;
  std::fprintf(stderr, "%s: %s\n", what, zmq_strerror(zmq_errno()));
  std::exit(1);
}

void* Ask() {
  void* socket = zmq_socket(context, ZMQ_REQ);
  Check(socket != nullptr, "socket");
  const int linger = 0;
  zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
  zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server_key.c_str(), 41);
  zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public_key, 41);
  zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret_key, 41);
  Check(zmq_connect(socket, endpoint.c_str()) == 0, "connect");
  Check(zmq_send(socket, "x", 1, 0) == 1, "send");
  return socket;
}

double Seconds(const timeval& time) { return static_cast<double>(time.tv_sec) + time.tv_usec / 1e6; }

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) return 2;
  endpoint = arguments[1];
  server_key = arguments[2];
  const auto ends = Clock::now() + std::chrono::milliseconds(std::atoi(arguments[3]));
  const size_t sockets = std::strtoul(arguments[4], nullptr, 10);

  context = zmq_ctx_new();
  zmq_curve_keypair(public_key, secret_key);
  std::vector<zmq_pollitem_t> items(sockets);
  for (auto& item : items) item = {Ask(), 0, ZMQ_POLLIN, 0};

  long handshakes = 0;
  while (Clock::now() < ends) {
    Check(zmq_poll(items.data(), static_cast<int>(items.size()), 5000) > 0, "no answer");
    for (auto& item : items) {
      if ((item.revents & ZMQ_POLLIN) == 0) continue;
      char answer[8];
      Check(zmq_recv(item.socket, answer, sizeof answer, 0) == 1, "receive");
      handshakes += 1;
      zmq_close(item.socket);
      item.socket = Ask();
    }
  }
  for (auto& item : items) zmq_close(item.socket);
  zmq_ctx_term(context);

  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  std::printf("{\"handshakes\": %ld, \"cpu\": %f}\n", handshakes, Seconds(usage.ru_utime) + Seconds(usage.ru_stime));
}

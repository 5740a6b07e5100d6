// The C++ baseline: libzmq itself, with the same static library that the addon links.
//
// It uses the protocol of bench/lib/pair.mjs: the arguments are the role and name=value pairs. It prints a line of JSON
// with "endpoint" when it is bound, and one with "result" at the end. A source or publisher waits for a line on stdin
// before that.
#include <sys/resource.h>
#include <zmq.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

std::map<std::string, std::string> arguments;

std::string Text(const std::string& name, const std::string& otherwise = "") {
  const auto found = arguments.find(name);
  return found == arguments.end() ? otherwise : found->second;
}
int64_t Number(const std::string& name, int64_t otherwise) {
  const auto found = arguments.find(name);
  return found == arguments.end() ? otherwise : std::stoll(found->second);
}

void Check(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "%s: %s\n", what, zmq_strerror(zmq_errno()));
  std::exit(1);
}

// The user and system time of the process, in seconds.
double Cpu() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + time.tv_usec / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int64_t Rss() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * 1024;
}

void Option(void* socket, int option, int value) {
  Check(zmq_setsockopt(socket, option, &value, sizeof value) == 0, "zmq_setsockopt");
}
void Option(void* socket, int option, const std::string& value) {
  Check(zmq_setsockopt(socket, option, value.data(), value.size()) == 0, "zmq_setsockopt");
}

void Secure(void* socket, bool server) {
  if (Text("curve").empty()) return;
  if (server) {
    Option(socket, ZMQ_CURVE_SERVER, 1);
    Option(socket, ZMQ_CURVE_SECRETKEY, Text("serverSecretKey"));
  } else {
    Option(socket, ZMQ_CURVE_SERVERKEY, Text("serverPublicKey"));
    Option(socket, ZMQ_CURVE_PUBLICKEY, Text("clientPublicKey"));
    Option(socket, ZMQ_CURVE_SECRETKEY, Text("clientSecretKey"));
  }
}

void* Open(void* context, int type, bool server) {
  void* socket = zmq_socket(context, type);
  Check(socket != nullptr, "zmq_socket");
  Secure(socket, server);
  const auto batch = static_cast<int>(Number("batchSize", 0));
  if (batch > 0) {
    Option(socket, ZMQ_IN_BATCH_SIZE, batch);
    Option(socket, ZMQ_OUT_BATCH_SIZE, batch);
  }
  return socket;
}

std::string Bind(void* socket, const std::string& address) {
  Check(zmq_bind(socket, address.c_str()) == 0, "zmq_bind");
  char endpoint[256];
  size_t size = sizeof endpoint;
  Check(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &size) == 0, "zmq_getsockopt");
  return endpoint;
}

void Connect(void* socket, const std::string& address) {
  Check(zmq_connect(socket, address.c_str()) == 0, "zmq_connect");
}

void Announce(const std::string& endpoint) { std::cout << "{\"endpoint\":\"" << endpoint << "\"}" << std::endl; }

void WaitForWord() {
  std::string line;
  std::getline(std::cin, line);
}

// A message is `parts` parts of `size` bytes.
void SendMessage(void* socket, const std::vector<char>& body, int64_t parts) {
  for (int64_t part = 1; part <= parts; part += 1) {
    Check(zmq_send(socket, body.data(), body.size(), part < parts ? ZMQ_SNDMORE : 0) >= 0, "zmq_send");
  }
}

void ReceiveMessage(void* socket, zmq_msg_t* message) {
  do {
    Check(zmq_msg_recv(message, socket, 0) >= 0, "zmq_msg_recv");
  } while (zmq_msg_more(message) != 0);
}

void Send(void* socket, int64_t count) {
  const std::vector<char> body(static_cast<size_t>(Number("size", 10)), 'x');
  const int64_t parts = Number("parts", 1);
  for (int64_t sent = 0; sent < count; sent += 1) SendMessage(socket, body, parts);
}

// Receives `warmup` messages, then measures the time of `count` messages. Returns seconds.
double Receive(void* socket, int64_t warmup, int64_t count) {
  zmq_msg_t message;
  zmq_msg_init(&message);
  for (int64_t received = 0; received < warmup; received += 1) ReceiveMessage(socket, &message);
  const auto start = Clock::now();
  for (int64_t received = 0; received < count; received += 1) ReceiveMessage(socket, &message);
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  zmq_msg_close(&message);
  return seconds;
}

void Result(double seconds, int64_t messages, double cpu) {
  std::printf("{\"result\":{\"seconds\":%.9f,\"messages\":%lld,\"cpu\":%.6f,\"rss\":%lld}}\n", seconds,
              static_cast<long long>(messages), cpu, static_cast<long long>(Rss()));
}

void Sink(void* context) {
  const int64_t count = Number("count", 100000);
  const int64_t warmup = Number("warmup", 1000);
  void* socket = Open(context, ZMQ_PULL, true);
  Announce(Bind(socket, Text("address")));
  const double before = Cpu();
  const double seconds = Receive(socket, warmup, count);
  Result(seconds, count, Cpu() - before);
  zmq_close(socket);
}

void Source(void* context) {
  const int64_t count = Number("warmup", 1000) + Number("count", 100000);
  void* socket = Open(context, ZMQ_PUSH, false);
  Connect(socket, Text("endpoint"));
  const double before = Cpu();
  Send(socket, count);
  WaitForWord();
  Result(0, count, Cpu() - before);
  zmq_close(socket);
}

// One publisher to `subscribers`, each with 2 of 8 topics if `topics` is set; nothing is dropped.
const char* const kTopics[] = {"t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7"};

void Subscribe(void* socket) {
  if (Text("topics") == "2of8") {
    Option(socket, ZMQ_SUBSCRIBE, std::string("t2"));
    Option(socket, ZMQ_SUBSCRIBE, std::string("t5"));
  } else if (Text("topics") == "10000") {
    for (int topic = 0; topic < 10000; topic += 1) Option(socket, ZMQ_SUBSCRIBE, "t" + std::to_string(topic) + ".");
  } else {
    Option(socket, ZMQ_SUBSCRIBE, std::string());
  }
}

void Subscribers(void* context) {
  const int64_t subscribers = Number("subscribers", 1);
  const int64_t count = Number("count", 100000);
  const int64_t warmup = Number("warmup", 1000);
  void* ready = Open(context, ZMQ_REP, true);
  Announce(Bind(ready, "tcp://127.0.0.1:*"));
  char endpoint[256] = {};
  Check(zmq_recv(ready, endpoint, sizeof endpoint - 1, 0) > 0, "zmq_recv");
  std::vector<void*> sockets;
  std::vector<zmq_pollitem_t> items;
  for (int64_t index = 0; index < subscribers; index += 1) {
    void* socket = Open(context, ZMQ_SUB, false);
    // libzmq would drop subscriptions beyond the high-water mark.
    Option(socket, ZMQ_SNDHWM, 0);
    Subscribe(socket);
    Connect(socket, endpoint);
    sockets.push_back(socket);
    items.push_back({socket, 0, ZMQ_POLLIN, 0});
  }
  zmq_send(ready, "", 0, 0);
  zmq_msg_t message;
  zmq_msg_init(&message);
  const int64_t skipped = warmup * subscribers;
  const int64_t total = skipped + count * subscribers;
  auto start = Clock::now();
  const double before = Cpu();
  if (subscribers == 1) {
    const double seconds = Receive(sockets[0], warmup, count);
    Result(seconds, count, Cpu() - before);
  } else {
    for (int64_t received = 0; received < total;) {
      Check(zmq_poll(items.data(), static_cast<int>(items.size()), -1) > 0, "zmq_poll");
      for (const zmq_pollitem_t& item : items) {
        if ((item.revents & ZMQ_POLLIN) == 0) continue;
        while (zmq_msg_recv(&message, item.socket, ZMQ_DONTWAIT) >= 0) {
          if (zmq_msg_more(&message) != 0) continue;
          received += 1;
          if (received == skipped) start = Clock::now();
        }
      }
    }
    Result(std::chrono::duration<double>(Clock::now() - start).count(), count * subscribers, Cpu() - before);
  }
  for (void* socket : sockets) zmq_close(socket);
  zmq_close(ready);
}

void Publisher(void* context) {
  const int64_t subscribers = Number("subscribers", 1);
  const int64_t count = Number("warmup", 1000) + Number("count", 100000);
  const std::string topics = Text("topics");
  void* socket = Open(context, ZMQ_XPUB, true);
  Option(socket, ZMQ_XPUB_NODROP, 1);
  Option(socket, ZMQ_XPUB_VERBOSE, 1);
  const std::string endpoint = Bind(socket, "tcp://127.0.0.1:*");
  void* ready = Open(context, ZMQ_REQ, false);
  Connect(ready, Text("endpoint"));
  Check(zmq_send(ready, endpoint.data(), endpoint.size(), 0) > 0, "zmq_send");
  const int64_t each = topics == "2of8" ? 2 : topics == "10000" ? 10000 : 1;
  char subscription[64];
  for (int64_t got = 0; got < subscribers * each; got += 1) {
    Check(zmq_recv(socket, subscription, sizeof subscription, 0) > 0, "zmq_recv");
  }
  const size_t size = static_cast<size_t>(Number("size", 10));
  const double before = Cpu();
  std::vector<char> body(size, 'x');
  std::vector<std::string> names;
  if (topics == "10000") {
    for (int topic = 0; topic < 10000; topic += 1) names.push_back("t" + std::to_string(topic) + ".");
  } else if (topics == "2of8") {
    names.assign(std::begin(kTopics), std::end(kTopics));
  }
  // With 2 of 8 topics, one message in four arrives.
  const int64_t sends = topics == "2of8" ? count * 4 : count;
  for (int64_t sent = 0; sent < sends; sent += 1) {
    if (!names.empty()) {
      const std::string& name = names[static_cast<size_t>(sent) % names.size()];
      Check(zmq_send(socket, name.data(), name.size(), ZMQ_SNDMORE) >= 0, "zmq_send");
    }
    Check(zmq_send(socket, body.data(), size, 0) >= 0, "zmq_send");
  }
  WaitForWord();
  Result(0, sends, Cpu() - before);
  zmq_close(socket);
  zmq_close(ready);
}

void Server(void* context) {
  void* socket = Open(context, ZMQ_REP, true);
  Announce(Bind(socket, Text("address")));
  zmq_msg_t message;
  zmq_msg_init(&message);
  for (;;) {
    Check(zmq_msg_recv(&message, socket, 0) >= 0, "zmq_msg_recv");
    Check(zmq_msg_send(&message, socket, 0) >= 0, "zmq_msg_send");
  }
}

// Sends one request after another, and prints quantiles of the round-trip times.
void Ask(void* socket) {
  const int64_t count = Number("count", 10000);
  const int64_t warmup = Number("warmup", 1000);
  const std::vector<char> body(static_cast<size_t>(Number("size", 10)), 'x');
  zmq_msg_t message;
  zmq_msg_init(&message);
  std::vector<double> times;
  times.reserve(static_cast<size_t>(count));
  for (int64_t done = -warmup; done < count; done += 1) {
    const auto start = Clock::now();
    Check(zmq_send(socket, body.data(), body.size(), 0) >= 0, "zmq_send");
    Check(zmq_msg_recv(&message, socket, 0) >= 0, "zmq_msg_recv");
    if (done >= 0) times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  std::sort(times.begin(), times.end());
  const auto quantile = [&](double share) {
    return times[static_cast<size_t>(share * static_cast<double>(count - 1))];
  };
  std::printf("{\"result\":{\"p50\":%.3f,\"p99\":%.3f,\"p999\":%.3f,\"messages\":%lld}}\n", quantile(0.5),
              quantile(0.99), quantile(0.999), static_cast<long long>(count));
}

void Client(void* context) {
  void* socket = Open(context, ZMQ_REQ, false);
  Connect(socket, Text("endpoint"));
  Ask(socket);
  zmq_close(socket);
}

// Over inproc: both ends in one thread, alternating in batches that fit into the queue. The functions below use two
// threads.
void Single(void* context) {
  const int64_t count = Number("count", 100000);
  const int64_t parts = Number("parts", 1);
  const std::vector<char> body(static_cast<size_t>(Number("size", 10)), 'x');
  void* pull = Open(context, ZMQ_PULL, true);
  Bind(pull, "inproc://single");
  void* push = Open(context, ZMQ_PUSH, false);
  Connect(push, "inproc://single");
  zmq_msg_t message;
  zmq_msg_init(&message);
  const double before = Cpu();
  const auto start = Clock::now();
  for (int64_t done = 0; done < count;) {
    const int64_t batch = std::min<int64_t>(500, count - done);
    for (int64_t sent = 0; sent < batch; sent += 1) SendMessage(push, body, parts);
    for (int64_t received = 0; received < batch; received += 1) ReceiveMessage(pull, &message);
    done += batch;
  }
  Result(std::chrono::duration<double>(Clock::now() - start).count(), count, Cpu() - before);
  zmq_close(push);
  zmq_close(pull);
}

void Threads(void* context) {
  const int64_t count = Number("count", 100000);
  const int64_t warmup = Number("warmup", 1000);
  void* pull = Open(context, ZMQ_PULL, true);
  Bind(pull, "inproc://threads");
  const double before = Cpu();
  std::thread sender([&] {
    void* push = Open(context, ZMQ_PUSH, false);
    Connect(push, "inproc://threads");
    Send(push, warmup + count);
    zmq_close(push);
  });
  const double seconds = Receive(pull, warmup, count);
  sender.join();
  Result(seconds, count, Cpu() - before);
  zmq_close(pull);
}

void Echo(void* context) {
  void* request = Open(context, ZMQ_REQ, false);
  Bind(request, "inproc://echo");
  std::thread other([&] {
    void* reply = Open(context, ZMQ_REP, false);
    Connect(reply, "inproc://echo");
    zmq_msg_t message;
    zmq_msg_init(&message);
    const int64_t trips = Number("warmup", 1000) + Number("count", 10000);
    for (int64_t done = 0; done < trips; done += 1) {
      Check(zmq_msg_recv(&message, reply, 0) >= 0, "zmq_msg_recv");
      Check(zmq_msg_send(&message, reply, 0) >= 0, "zmq_msg_send");
    }
    zmq_close(reply);
  });
  Ask(request);
  other.join();
  zmq_close(request);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string role = argc > 1 ? argv[1] : "";
  for (int index = 2; index < argc; index += 1) {
    const std::string argument = argv[index];
    const size_t split = argument.find('=');
    if (split != std::string::npos) arguments[argument.substr(0, split)] = argument.substr(split + 1);
  }
  const std::map<std::string, void (*)(void*)> roles = {
      {"sink", Sink},           {"source", Source},   {"subscribers", Subscribers},
      {"publisher", Publisher}, {"server", Server},   {"client", Client},
      {"single", Single},       {"threads", Threads}, {"echo", Echo},
  };
  const auto found = roles.find(role);
  if (found == roles.end()) {
    std::fprintf(stderr, "Unknown role '%s'\n", role.c_str());
    return 2;
  }
  void* context = zmq_ctx_new();
  found->second(context);
  zmq_ctx_term(context);
  return 0;
}

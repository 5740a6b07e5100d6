// A C++ addon whose own thread talks to JavaScript over inproc, on ohmq's context. It receives lines of text and finds
// words that look random, as secrets do.
#include <ohmq.h>

#include <array>
#include <cctype>
#include <cmath>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr size_t kShortest = 20;
constexpr double kBitsPerCharacter = 4.0;

// Shannon's entropy, in bits per character.
double Entropy(const std::string& word) {
  std::array<int, 256> counts{};
  for (const char character : word) counts[static_cast<unsigned char>(character)] += 1;
  double entropy = 0;
  for (const int count : counts) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / static_cast<double>(word.size());
    entropy -= share * std::log2(share);
  }
  return entropy;
}

bool IsWordCharacter(char character) {
  return std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '+' || character == '/' ||
         character == '_' || character == '-';
}

// The words of a line that are long and random enough, separated by spaces.
std::string Suspicious(const std::string& line) {
  std::string found;
  std::string word;
  for (size_t index = 0; index <= line.size(); index += 1) {
    if (index < line.size() && IsWordCharacter(line[index])) {
      word += line[index];
      continue;
    }
    if (word.size() >= kShortest && Entropy(word) >= kBitsPerCharacter) found += (found.empty() ? "" : " ") + word;
    word.clear();
  }
  return found;
}

// Receives all parts of a message; false once the context is terminated.
bool Receive(const ohmq_functions& zmq, void* socket, std::vector<std::string>* parts) {
  parts->clear();
  ohmq_msg message;
  bool more = true;
  while (more) {
    zmq.msg_init(&message);
    if (zmq.msg_recv(&message, socket, 0) < 0) return false;
    parts->emplace_back(static_cast<char*>(zmq.msg_data(&message)), zmq.msg_size(&message));
    more = zmq.msg_more(&message) != 0;
    zmq.msg_close(&message);
  }
  return true;
}

void Work(const ohmq_context* ohmq) {
  const ohmq_functions& zmq = *ohmq->zmq;
  void* lines = zmq.socket(ohmq->context, OHMQ_PULL);
  void* findings = zmq.socket(ohmq->context, OHMQ_PUSH);
  if (lines != nullptr && findings != nullptr && zmq.connect(lines, "inproc://lines") == 0 &&
      zmq.connect(findings, "inproc://findings") == 0) {
    // A message has two parts: the place of a line, and the line. The answer has the place and the findings.
    std::vector<std::string> parts;
    while (Receive(zmq, lines, &parts)) {
      if (parts.size() != 2) continue;
      const std::string words = Suspicious(parts[1]);
      if (zmq.send(findings, parts[0].data(), parts[0].size(), OHMQ_SNDMORE) < 0) break;
      if (zmq.send(findings, words.data(), words.size(), 0) < 0) break;
    }
  }
  // terminate() resolves when all sockets are closed and the context was released.
  if (lines != nullptr) zmq.close(lines);
  if (findings != nullptr) zmq.close(findings);
  ohmq->release(ohmq);
}

// start(context.native): void
napi_value Start(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = nullptr;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  const ohmq_context* ohmq = ohmq_context_from(env, argument);
  if (ohmq == nullptr) return nullptr;
  ohmq->retain(ohmq);
  std::thread(Work, ohmq).detach();
  return nullptr;
}

napi_value Init(napi_env env, napi_value exports) {
  napi_value start = nullptr;
  napi_create_function(env, "start", NAPI_AUTO_LENGTH, Start, nullptr, &start);
  napi_set_named_property(env, exports, "start", start);
  return exports;
}

}  // namespace

NAPI_MODULE(NODE_GYP_MODULE_NAME, Init)

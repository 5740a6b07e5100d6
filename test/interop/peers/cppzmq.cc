// A peer for the tests, with cppzmq. What it is told and what it answers stands in ../peer.mjs.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>
#include <zmq.hpp>
#include <zmq_addon.hpp>

using Words = std::vector<std::string>;

static zmq::context_t context;
static zmq::socket_t peer;

static std::string hexed(const zmq::message_t& part) {
  static const char digits[] = "0123456789abcdef";
  if (part.size() == 0) return "-";
  std::string text;
  text.reserve(2 * part.size());
  for (const unsigned char* at = part.data<unsigned char>(); at != part.data<unsigned char>() + part.size(); ++at) {
    text += digits[*at >> 4];
    text += digits[*at & 15];
  }
  return text;
}

static std::string unhexed(const std::string& text) {
  if (text == "-") return "";
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string data(text.size() / 2, '\0');
  for (std::size_t at = 0; at < data.size(); ++at) data[at] = static_cast<char>(digit(text[2 * at]) << 4 | digit(text[2 * at + 1]));
  return data;
}

static std::string version(const Words&) {
  const auto [major, minor, patch] = zmq::version();
  std::ostringstream text;
  text << "cppzmq " << CPPZMQ_VERSION_MAJOR << '.' << CPPZMQ_VERSION_MINOR << '.' << CPPZMQ_VERSION_PATCH << ", libzmq " << major << '.'
       << minor << '.' << patch;
  return text.str();
}

// A ZAP handler (RFC 27): cppzmq has none.
static void serve(zmq::socket_t handler, std::set<std::string> known) {
  std::vector<zmq::message_t> request;
  while (zmq::recv_multipart(handler, std::back_inserter(request))) {
    const std::string mechanism = request.at(5).to_string();
    std::string claim = request.size() > 6 ? request[6].to_string() : "";
    if (mechanism == "PLAIN") claim += "=" + request.at(7).to_string();
    if (mechanism == "CURVE") {
      char text[41];
      claim = zmq_z85_encode(text, request[6].data<uint8_t>(), 32);
    }
    const bool isKnown = known.count(claim) > 0;
    const std::vector<std::string> reply{request[0].to_string(), request[1].to_string(), isKnown ? "200" : "400", "", "", ""};
    std::vector<zmq::const_buffer> parts;
    for (const auto& part : reply) parts.push_back(zmq::buffer(part));
    zmq::send_multipart(handler, parts);
    request.clear();
  }
}

static std::string authenticate(const Words& words) {
  const std::filesystem::path folder = words.at(0);
  std::set<std::string> known;
  std::ifstream passwords(folder / "passwords");
  for (std::string line; std::getline(passwords, line);) known.insert(line);
  for (const auto& entry : std::filesystem::directory_iterator(folder / "clients")) {
    std::ifstream file(entry.path());
    const std::string begin = "    public-key = \"";
    for (std::string line; std::getline(file, line);)
      if (line.rfind(begin, 0) == 0) known.insert(line.substr(begin.size(), 40));
  }
  zmq::socket_t handler(context, zmq::socket_type::rep);
  handler.bind("inproc://zeromq.zap.01");
  std::thread([handler = std::move(handler), known]() mutable {
    try {
      serve(std::move(handler), known);
    } catch (const zmq::error_t&) {
      // The context ends.
    }
  }).detach();
  return "";
}

static std::string open(const Words& words) {
  using zmq::socket_type;
  static const std::map<std::string, socket_type> types{
      {"PAIR", socket_type::pair},     {"PUB", socket_type::pub},       {"SUB", socket_type::sub},   {"REQ", socket_type::req},
      {"REP", socket_type::rep},       {"DEALER", socket_type::dealer}, {"ROUTER", socket_type::router}, {"PULL", socket_type::pull},
      {"PUSH", socket_type::push},     {"XPUB", socket_type::xpub},     {"XSUB", socket_type::xsub}, {"STREAM", socket_type::stream}};
  peer = zmq::socket_t(context, types.at(words.at(0)));
  peer.set(zmq::sockopt::linger, 1000);
  peer.set(zmq::sockopt::sndtimeo, 5000);
  const std::string& mechanism = words.at(1);
  if (mechanism == "plain-server") peer.set(zmq::sockopt::plain_server, true);
  if (mechanism == "curve-server") peer.set(zmq::sockopt::curve_server, true);
  if (mechanism == "plain-server" || mechanism == "curve-server") peer.set(zmq::sockopt::zap_domain, "global");
  if (mechanism == "plain-client") {
    peer.set(zmq::sockopt::plain_username, words.at(2));
    peer.set(zmq::sockopt::plain_password, words.at(3));
  }
  if (mechanism == "curve-server" || mechanism == "curve-client") {
    peer.set(zmq::sockopt::curve_publickey, words.at(2));
    peer.set(zmq::sockopt::curve_secretkey, words.at(3));
  }
  if (mechanism == "curve-client") peer.set(zmq::sockopt::curve_serverkey, words.at(4));
  return "";
}

static std::string bind(const Words& words) {
  peer.bind(words.at(0));
  return peer.get(zmq::sockopt::last_endpoint);
}

// A time-out.
struct Nothing {};

static std::string send(const Words& words) {
  std::vector<std::string> parts;
  std::transform(words.begin(), words.end(), std::back_inserter(parts), unhexed);
  std::vector<zmq::const_buffer> buffers;
  for (const auto& part : parts) buffers.push_back(zmq::buffer(part));
  if (!zmq::send_multipart(peer, buffers)) throw Nothing();
  return "";
}

static std::string receive(const Words& words) {
  peer.set(zmq::sockopt::rcvtimeo, std::stoi(words.at(0)));
  std::vector<zmq::message_t> parts;
  if (!zmq::recv_multipart(peer, std::back_inserter(parts))) throw Nothing();
  std::string text;
  for (const auto& part : parts) text += hexed(part) + " ";
  return text;
}

int main() {
  const std::map<std::string, std::function<std::string(const Words&)>> commands{
      {"version", version},
      {"authenticate", authenticate},
      {"open", open},
      {"name", [](const Words& words) { return peer.set(zmq::sockopt::routing_id, unhexed(words.at(0))), ""; }},
      {"bind", bind},
      {"connect", [](const Words& words) { return peer.connect(words.at(0)), ""; }},
      {"subscribe", [](const Words& words) { return peer.set(zmq::sockopt::subscribe, unhexed(words.at(0))), ""; }},
      {"unsubscribe", [](const Words& words) { return peer.set(zmq::sockopt::unsubscribe, unhexed(words.at(0))), ""; }},
      {"send", send},
      {"receive", receive},
      {"close", [](const Words&) { return peer.close(), ""; }}};
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream stream(line);
    Words words{std::istream_iterator<std::string>(stream), {}};
    const std::string command = words.at(0);
    words.erase(words.begin());
    try {
      const std::string answer = commands.at(command)(words);
      std::cout << "ok " << answer << std::endl;
    } catch (const Nothing&) {
      std::cout << "nothing" << std::endl;
    } catch (const std::exception& error) {
      std::cout << "error " << error.what() << std::endl;
    }
  }
  peer.close();
  context.close();
}

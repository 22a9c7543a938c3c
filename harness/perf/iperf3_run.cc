// SPDX-License-Identifier: BSD-3-Clause
// A pair of iperf3, run through popen. timeout(1) bounds them, so that no test leaves one behind.
#include "harness/perf/iperf3_run.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#include <array>
#include <fstream>

#include <fmt/format.h>

#include "harness/base/deadline.h"
#include "harness/base/fd.h"

namespace rolecall::perf {
namespace {

class Command {
 public:
  explicit Command(const std::string& line) : pipe_(popen(line.c_str(), "re")) {}
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;
  ~Command() {
    if (pipe_ != nullptr) pclose(pipe_);
  }

  // All that it prints until it ends.
  std::string output() {
    std::string text;
    std::array<char, 4096> buffer{};
    while (pipe_ != nullptr) {
      const std::size_t count = fread(buffer.data(), 1, buffer.size(), pipe_);
      if (count == 0) break;
      text.append(buffer.data(), count);
    }
    return text;
  }

 private:
  FILE* pipe_;
};

// One that was free a moment ago.
std::uint16_t free_port() {
  const Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (bind(fd.get(), any, size) != 0 || getsockname(fd.get(), any, &size) != 0) return 0;
  return ntohs(address.sin_port);
}

bool is_listening(std::uint16_t port) {
  const std::string mark = fmt::format(":{:04X} ", port);
  for (const char* table : {"/proc/net/tcp6", "/proc/net/tcp"}) {
    std::ifstream in(table);
    for (std::string line; std::getline(in, line);) {
      if (line.find(mark) != std::string::npos && line.find(" 0A ") != std::string::npos) {
        return true;
      }
    }
  }
  return false;
}

// A server with -J says nothing before its test, so the kernel is asked.
void await_listener(std::uint16_t port) {
  const Deadline deadline = Deadline::after(seconds(10));
  while (!is_listening(port) && !deadline.expired()) poll(nullptr, 0, 5);
}

}  // namespace

bool iperf3_is_installed() {
  return Command("iperf3 --version 2>&1").output().find("iperf 3") != std::string::npos;
}

Iperf3Output run_iperf3(const std::string& client_words, const std::string& server_words) {
  const std::uint16_t port = free_port();
  Command server(fmt::format("timeout 30 iperf3 -s -1 -p {} {} 2>&1", port, server_words));
  await_listener(port);
  Command client(fmt::format("timeout 30 iperf3 -c 127.0.0.1 -p {} {} 2>&1", port, client_words));
  Iperf3Output output;
  output.client = client.output();
  output.server = server.output();
  return output;
}

}  // namespace rolecall::perf

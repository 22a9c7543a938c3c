// SPDX-License-Identifier: BSD-3-Clause
#include "shim/test_rig.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace rolecall::shim {
namespace {

constexpr int kLimitMs = 120'000;  // only a program that hangs meets it

// A network of the tests' own, in which the kernel holds a cookie for 3 s (Linux 6.11). In ours,
// where the machine gives no other, it is 200 ms, however busy the machine is.
class OwnNetwork : public testing::Environment {
 public:
  void SetUp() override {
    if (unshare(CLONE_NEWNET) != 0) return;
    ifreq loopback{};
    std::strcpy(loopback.ifr_name, "lo");
    loopback.ifr_flags = IFF_UP | IFF_RUNNING;
    const int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(ioctl(any, SIOCSIFFLAGS, &loopback), 0);
    close(any);
    std::ofstream("/proc/sys/net/ipv4/tcp_rto_min_us") << 3'000'000;
  }
};
const auto* const kOwnNetwork = testing::AddGlobalTestEnvironment(new OwnNetwork);

std::vector<char*> pointers(Words& strings) {
  std::vector<char*> out;
  for (std::string& text : strings) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

Words operator+(Words left, const Words& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

Program::Program(const Words& argv, const Words& variables, int inherited) {
  Words arguments = argv;
  Words environment = variables;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  const std::vector<char*> argument_pointers = pointers(arguments);
  const std::vector<char*> environment_pointers = pointers(environment);
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  pid_ = fork();
  if (pid_ == 0) {
    dup2(ends[1], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    if (inherited >= 0) fcntl(inherited, F_SETFD, 0);
    execve(argument_pointers[0], argument_pointers.data(), environment_pointers.data());
    _exit(127);
  }
  close(ends[1]);
  out_ = ends[0];
}

Program::~Program() {
  if (!reaped_) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close(out_);
}

void Program::send_signal(int number) const {
  kill(pid_, number);
}

bool Program::read_more() {
  pollfd ready{.fd = out_, .events = POLLIN, .revents = 0};
  if (poll(&ready, 1, kLimitMs) != 1) {
    text_ += "[still running]";
    return false;
  }
  char buffer[4096];
  const ssize_t got = read(out_, buffer, sizeof buffer);
  if (got > 0) text_.append(buffer, static_cast<std::size_t>(got));
  return got > 0;
}

bool Program::wait_for(const std::string& text) {
  while (text_.find(text) == std::string::npos) {
    if (!read_more()) return false;
  }
  return true;
}

std::string Program::output() {
  while (read_more()) {
  }
  if (text_.ends_with("[still running]")) return text_;
  int status = 0;
  waitpid(pid_, &status, 0);
  reaped_ = true;
  if (WIFSIGNALED(status)) text_ += "[signal " + std::to_string(WTERMSIG(status)) + "]";
  if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
    text_ += "[exit " + std::to_string(WEXITSTATUS(status)) + "]";
  }
  return text_;
}

Rig::Rig() {
  std::string name = (std::filesystem::temp_directory_path() / "rolecall-shim-XXXXXX").string();
  folder_ = mkdtemp(name.data());
  const int fd = open((folder_ + "/board").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  EXPECT_EQ(ftruncate(fd, sizeof(Board)), 0);
  void* const map = mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  board_ = static_cast<Board*>(map);
  board_->magic = kBoardMagic;
  board_->version = kVersion;
  board_->size = sizeof(Board);
}

Rig::~Rig() {
  munmap(board_, sizeof(Board));
  close_listener();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

int Rig::listen_on(int family) {
  EXPECT_EQ(listen(bind_on(family), 64), 0);
  return listener_;
}

// SO_REUSEADDR comes after bind(), so that the port is no other's, and is there for who binds it
// next.
int Rig::bind_on(int family) {
  sockaddr_in6 at{};
  socklen_t length = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  at.sin6_family = static_cast<sa_family_t>(family);
  const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int off = 0;
  const int on = 1;
  setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&at), length), 0);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&at), &length), 0);
  port = ntohs(at.sin6_port);
  close_listener();
  listener_ = fd;
  return fd;
}

void Rig::drop_data() {
  sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 12),  // the data offset, in words, upper half
      BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4), BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 2),
      BPF_STMT(BPF_MISC | BPF_TAX, 0),        BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
      BPF_STMT(BPF_ALU | BPF_SUB | BPF_X, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),  BPF_STMT(BPF_RET | BPF_K, 0),
  };
  const sock_fprog filter{.len = std::size(steps), .filter = steps};
  EXPECT_EQ(setsockopt(listener_, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter), 0);
}

void Rig::close_listener() {
  if (listener_ >= 0) close(listener_);
  listener_ = -1;
}

unsigned Rig::free_port() {
  bind_on(AF_INET6);
  return port;
}

Plan Rig::plan(Side side, const std::string& program) const {
  Plan plan{};
  plan.magic = kPlanMagic;
  plan.version = kVersion;
  plan.size = sizeof(Plan);
  plan.side = side;
  plan.numbering = numbering;
  plan.port = port;
  plan.hold_ms = hold_ms;
  plan.lever = order.empty() ? Lever::RecordOnly : lever;
  plan.stream_count = static_cast<std::uint32_t>(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    plan.order[i] = static_cast<std::uint16_t>(order[i]);
  }
  std::filesystem::canonical(program).string().copy(plan.program, kMaxPath - 1);
  (folder_ + "/board").copy(plan.board, kMaxPath - 1);
  return plan;
}

Words Rig::variables_for(const void* plan, std::size_t size) {
  const std::string path = folder_ + "/plan" + std::to_string(++plans_);
  std::ofstream(path, std::ios::binary)
      .write(static_cast<const char*>(plan), static_cast<std::streamsize>(size));
  return {"LD_PRELOAD=" + preload, std::string(kPlanVariable) + "=" + path};
}

Words Rig::armed(Side side, const std::string& program) {
  const Plan written = plan(side, program);
  return variables_for(&written, sizeof written);
}

std::vector<Record*> Rig::records(Kind kind) const {
  std::vector<Record*> found;
  for (std::uint64_t i = 0; i < kMaxRecords && i < board_->record_count.load(); ++i) {
    Record& record = board_->records[i];
    if (record.sequence.load() == i + 1 && record.kind == kind) found.push_back(&record);
  }
  return found;
}

std::vector<int> Rig::order_by_ports() const {
  std::vector<int> numbers;
  for (const Record* record : records(Kind::HandedOut)) {
    if (record->position == 0) continue;
    int number = -1;
    for (int i = 0; i < static_cast<int>(board_->connect_count.load()); ++i) {
      if (board_->connects[i].load() == (kConnectPublished | record->port)) number = i;
    }
    numbers.push_back(number);
  }
  return numbers;
}

std::vector<int> Rig::numbers_handed_out() const {
  std::vector<int> numbers;
  for (const Record* record : records(Kind::HandedOut)) {
    if (record->position > 0) numbers.push_back(static_cast<int>(record->number));
  }
  return numbers;
}

bool Rig::wait_for(Kind kind) const {
  // Other processes write the board: there is no descriptor to wait on, so it is looked at.
  for (int waited = 0; waited < kLimitMs; ++waited) {
    if (!records(kind).empty()) return true;
    poll(nullptr, 0, 1);
  }
  return false;
}

}  // namespace rolecall::shim

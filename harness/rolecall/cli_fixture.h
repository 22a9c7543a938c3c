// SPDX-License-Identifier: BSD-3-Clause
// For tests of the program as its users meet it: runs of rolecall in a folder of their own, and
// what they leave behind.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "harness/base/deadline.h"
#include "harness/base/files.h"
#include "harness/net/process.h"

namespace rolecall::cli {

namespace fs = std::filesystem;

// Where /dev/net/tun is not, whatever this machine has.
constexpr char kRunWithoutTun[] = "mount -t tmpfs none /dev/net || exit 77; exec \"$0\" \"$@\"";

// One run of rolecall in a folder of its own, which is also where it puts temporary files.
class CliTest : public testing::Test {
 protected:
  const Deadline limit_ = Deadline::after(seconds(600));  // of the test: for one that hangs

  void SetUp() override {
    auto made = TemporaryFolder::make();
    ASSERT_TRUE(made.has_value());
    folder_.emplace(std::move(made).value());
    fs::create_directory(temporary());
  }

  fs::path file(const std::string& name) const { return folder_->path() / name; }
  fs::path temporary() const { return file("tmp"); }
  // Marks every process that a run of ours starts, however deep.
  std::string mark() const { return "ROLECALL_TEST=" + folder_->path().string(); }
  std::string out() const { return read_file(file("out")).value(); }
  std::string err() const { return read_file(file("err")).value(); }

  Child start(const std::vector<std::string>& args, std::vector<std::string> environment = {}) {
    environment.push_back("TMPDIR=" + temporary().string());
    environment.push_back(mark());
    auto child = Child::start({ROLECALL_PROGRAM, args, environment, file("out"), file("err")});
    EXPECT_TRUE(child.has_value());
    return std::move(child).value();
  }

  int run(const std::vector<std::string>& args, std::vector<std::string> environment = {}) {
    auto status = start(args, std::move(environment)).wait(limit_);
    EXPECT_TRUE(status.has_value() && !status.value().by_signal) << err();
    return status ? status.value().code : -1;
  }

  // What `script` exits with, in a mount namespace that goes with its programs; its $0 is rolecall.
  // kNoMount where nobody may mount here.
  static constexpr int kNoMount = 77;
  int run_among_own_mounts(const char* script, const std::vector<std::string>& args) {
    std::vector<std::string> words = {::geteuid() == 0 ? "-m" : "-rm", "sh", "-c", script,
                                      ROLECALL_PROGRAM};
    words.insert(words.end(), args.begin(), args.end());
    auto shell = Child::start({"/usr/bin/unshare",
                               words,
                               {"TMPDIR=" + temporary().string(), mark()},
                               file("out"),
                               file("err")});
    EXPECT_TRUE(shell.has_value());
    if (!shell) return -1;
    const auto status = shell.value().wait(limit_);
    EXPECT_TRUE(status.has_value());
    return status ? status.value().code : -1;
  }

  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(file(name)) << text;
    return file(name);
  }

  // A flagged pair in natural order: no lever, no control, and over at once. (iperf3 3.12 may end
  // so short a test before its server has counted anything.)
  fs::path natural_scenario() {
    return write("natural.json", R"({ "schema": 1, "claim": "it completes", "why": [],
  "server": { "peer": "flagged" }, "client": { "peer": "flagged", "args": ["-n", "64K"] },
  "schedule": "natural", "expect": { "above": "completed" }, "control": { "repeat": 0 } })");
  }

  fs::path script(const std::string& name, const std::string& body) const {
    fs::path path = write(name, "#!/bin/sh\n" + body);
    fs::permissions(path, fs::perms::owner_all);
    return path;
  }

  // The programs that run with our mark.
  std::vector<std::string> marked_programs() const {
    std::vector<std::string> programs;
    for (const auto& entry : fs::directory_iterator("/proc")) {
      const auto variables = read_file(entry.path() / "environ");
      if (!variables || variables.value().find(mark()) == std::string::npos) continue;
      std::error_code gone;
      const fs::path program = fs::read_symlink(entry.path() / "exe", gone);
      if (!gone) programs.push_back(program.filename());
    }
    return programs;
  }

  bool is_running(const std::string& program) const {
    const auto all = marked_programs();
    return std::find(all.begin(), all.end(), program) != all.end();
  }

 private:
  std::optional<TemporaryFolder> folder_;
};

}  // namespace rolecall::cli

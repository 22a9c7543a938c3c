// SPDX-License-Identifier: BSD-3-Clause
// Stands in for libFuzzer: runs each file of the folders that it is given through the target once,
// so that corpora hold under every compiler and sanitizer, g++ too.
// Usage: fuzz_<target>_replay FOLDER|FILE...
//        fuzz_<target>_replay --explain FILE   prints the input as its target reads it
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "fuzz/target.h"

namespace {

namespace fs = std::filesystem;

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void replay_file(const fs::path& file) {
  std::printf("%s\n", file.c_str());
  std::fflush(stdout);  // the last line names the input that aborts
  const std::string bytes = bytes_of(file);
  // No byte more than the input has: what is read behind it is behind the allocation.
  const auto exact = std::make_unique_for_overwrite<std::uint8_t[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), exact.get());
  LLVMFuzzerTestOneInput(exact.get(), bytes.size());
}

// How many inputs the folder, or the file, holds, all of them run.
int replay(const fs::path& place) {
  std::error_code failed;
  if (fs::is_regular_file(place, failed)) return replay_file(place), 1;
  int inputs = 0;
  for (const fs::path& file : fs::recursive_directory_iterator(place, failed)) {
    if (!fs::is_regular_file(file, failed)) continue;
    replay_file(file);
    ++inputs;
  }
  return inputs;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "--explain") {
    std::error_code failed;
    if (!fs::is_regular_file(argv[2], failed)) {
      std::fprintf(stderr, "replay: no input to explain: %s is not a file\n", argv[2]);
      return 2;
    }
    const std::string bytes = bytes_of(argv[2]);
    const auto view = rolecall::as_bytes(bytes);
    std::fputs(rolecall::fuzz::explain ? rolecall::fuzz::explain(view).c_str() : bytes.c_str(),
               stdout);
    return 0;
  }
  if (argc < 2 || argv[1][0] == '-') {
    std::fprintf(stderr, "usage: %s FOLDER|FILE...   or: --explain FILE\n", argv[0]);
    return 2;
  }
  for (int i = 1; i < argc; ++i) {
    if (replay(argv[i]) > 0) continue;
    std::fprintf(stderr, "replay: %s holds no input\n", argv[i]);
    return 1;
  }
  if (rolecall::fuzz::report) rolecall::fuzz::report();
  return 0;
}

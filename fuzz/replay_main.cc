// SPDX-License-Identifier: BSD-3-Clause
// Stands in for libFuzzer: runs each file of the folders that it is given through the target once,
// so that corpora hold under every compiler and sanitizer, g++ too.
// Usage: fuzz_<target>_replay FOLDER...
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "fuzz/target.h"

namespace {

namespace fs = std::filesystem;

// How many inputs the folder holds, all of them run.
int replay(const fs::path& folder) {
  int inputs = 0;
  std::error_code failed;
  for (const fs::path& file : fs::recursive_directory_iterator(folder, failed)) {
    if (!fs::is_regular_file(file, failed)) continue;
    std::printf("%s\n", file.c_str());
    std::fflush(stdout);  // the last line names the input that aborts
    std::ifstream in(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    ++inputs;
  }
  return inputs;
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (replay(argv[i]) > 0) continue;
    std::fprintf(stderr, "replay: %s holds no input\n", argv[i]);
    return 1;
  }
  return argc > 1 ? 0 : 2;
}

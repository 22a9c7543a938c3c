// SPDX-License-Identifier: BSD-3-Clause
// Any text is parameters or an error, and parameters are read back as they were written. Input: the
// document.
#include "fuzz/target.h"
#include "harness/base/check.h"
#include "harness/wire/params.h"

using namespace rolecall;
using namespace rolecall::wire;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto decoded = decode_parameters(as_text(fuzz::bytes(data, size)));
  if (!decoded) return 0;
  Parameters p = decoded.value();
  CHECK(name(p.protocol) != std::string_view("?"));
  const auto refusal = validate(p, 128);
  CHECK(!refusal || !refusal->sentence.empty());
  // What a document cannot say: iperf3 leaves a zero out, and takes its default for what is absent.
  if (p.pacing_timer_us == 0) p.pacing_timer_us = Parameters().pacing_timer_us;
  if (p.protocol != Protocol::Udp) p.gso = p.gro = false;
  const std::string text = encode_parameters(p);
  if (p.role_flag && !announces_role_flag(text)) p.role_flag.reset();  // it did not fit
  CHECK(decode_parameters(text).value() == p);
  return 0;
}

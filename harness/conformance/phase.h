// SPDX-License-Identifier: BSD-3-Clause
// How far a test by hand has come; said alike of both sides' scripts.
#pragma once

namespace rolecall::conformance {

enum class Phase {
  Cookie,      // the client's 37 bytes are sent
  Parameters,  // the server has asked for the parameters (9)
  Streams,     // and for the streams (10)
  Running,     // all stand, the server has sent 1 and 2
  Results,     // the test has ended (4), the server asks for the results (13)
  Display,     // both documents are exchanged, the server has sent 14
  Done,        // the client has sent 16 and both ends have closed
};

}  // namespace rolecall::conformance

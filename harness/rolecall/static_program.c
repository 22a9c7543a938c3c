// SPDX-License-Identifier: BSD-3-Clause
// Linked statically: what no preload library can reach.
int main(void) {
  return 0;
}

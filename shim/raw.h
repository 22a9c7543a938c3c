// SPDX-License-Identifier: BSD-3-Clause
// System calls without libc: they leave errno alone, are no cancellation points, and cannot come
// back into the library. Include this last: below it the names of libc that we must not use are
// poisoned.
#pragma once

#include <asm/unistd.h>

namespace rolecall::shim {

// Any of the calls below returns what the kernel returns: a result, or minus errno.
inline long raw(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0,
                long f = 0) {
#if defined(__x86_64__)
  long result = 0;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc 0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory");
  return x0;
#else
#error "raw.h: add this machine's system call instruction"
#endif
}

inline long as_word(const void* pointer) {
  return reinterpret_cast<long>(pointer);
}

// Blocks every signal of this thread while it lives, so that no handler finds our work half done
// or leaves it by longjmp. Never spans the target's call or a wait.
class SignalFence {
 public:
  SignalFence() {
    const unsigned long all = ~0UL;
    raw(__NR_rt_sigprocmask, kBlock, as_word(&all), as_word(&old_), sizeof old_);
  }
  SignalFence(const SignalFence&) = delete;
  SignalFence& operator=(const SignalFence&) = delete;
  ~SignalFence() { raw(__NR_rt_sigprocmask, kSetMask, as_word(&old_), 0, sizeof old_); }

 private:
  static constexpr long kBlock = 0;
  static constexpr long kSetMask = 2;
  unsigned long old_ = 0;
};

}  // namespace rolecall::shim

#pragma GCC poison malloc calloc realloc free printf fprintf snprintf puts perror strerror
#pragma GCC poison getenv secure_getenv setenv open openat close read write mmap munmap fcntl
#pragma GCC poison socket bind getsockname getpeername getsockopt setsockopt recv recvfrom send
#pragma GCC poison syscall pthread_mutex_lock pthread_once sigprocmask pthread_sigmask sched_yield
#pragma GCC poison sleep usleep nanosleep clock_gettime gettimeofday exit _exit abort

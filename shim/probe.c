// SPDX-License-Identifier: BSD-3-Clause
// A small server and client for the tests of the preload library: they know nothing of it, check
// what accept() promises, and print the order in which the connections came.
//   probe server LISTENER COUNT [accept4] [select|poll|epoll] [null] [threads] [jump] [fork]
//   [reopen]
//   probe client PORT STREAMS [v6] [nonblock] [stranger] [iperf3 [shout|each]] [say]
//   [pieces|more|sendmsg|writev|threads] [nodelay] [cork] [jump] [late]
// LISTENER is an inherited descriptor. A connection's cookie is 37 bytes, of which the last, behind
// the NUL, names it: 0 is the control connection, 1.. are streams, ! is a stranger. One that looks
// as iperf3's does (client option iperf3) ends in its NUL; there a 38th byte is the name. shout:
// not of the letters that iperf3 takes; each: another one for each connection.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kCookie = 37, kMax = 64 };

static int argument_count;
static char** arguments;

static bool option(const char* name) {
  for (int i = 4; i < argument_count; ++i) {
    if (strcmp(arguments[i], name) == 0) return true;
  }
  return false;
}

static void fault(const char* what) {
  printf("FAULT: %s (%s)\n", what, strerror(errno));
}

static int open_descriptors(void) {
  int count = 0;
  DIR* const folder = opendir("/proc/self/fd");
  while (readdir(folder) != NULL) ++count;
  closedir(folder);
  return count;
}

// --- server -----------------------------------------------------------------------------------

static int listener;
static char order[kMax];
static int accepted;  // place in `order`; guarded by `lock` where there are threads
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sigjmp_buf before_call;

static void jump(int number) {
  (void)number;
  siglongjmp(before_call, 1);
}

static void check_address(int fd, const struct sockaddr_storage* seen, socklen_t length) {
  struct sockaddr_storage peer;
  socklen_t peer_length = sizeof peer;
  memset(&peer, 0, sizeof peer);
  if (getpeername(fd, (struct sockaddr*)&peer, &peer_length) != 0) fault("getpeername");
  if (length != peer_length || memcmp(&peer, seen, length) != 0) fault("address of accept");
}

static void check_flags(int fd, bool wanted) {
  if (((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0) != wanted) fault("O_NONBLOCK");
  if (((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0) != wanted) fault("FD_CLOEXEC");
}

// One accept() as the options ask; -1 with EAGAIN if there was nothing.
static int accept_once(void) {
  struct sockaddr_storage address;
  socklen_t length = sizeof address;
  memset(&address, 0, sizeof address);
  struct sockaddr* const room = option("null") ? NULL : (struct sockaddr*)&address;
  socklen_t* const room_length = option("null") ? NULL : &length;
  errno = ERANGE;  // a call that succeeds leaves it alone
  const int fd = option("accept4")
                     ? accept4(listener, room, room_length, SOCK_NONBLOCK | SOCK_CLOEXEC)
                     : accept(listener, room, room_length);
  if (fd < 0) return -1;
  if (errno != ERANGE) fault("errno");
  if (room != NULL) check_address(fd, &address, length);
  check_flags(fd, option("accept4"));
  return fd;
}

static void read_name(int fd) {
  char cookie[kCookie] = {0};
  struct pollfd ready = {.fd = fd, .events = POLLIN};
  poll(&ready, 1, -1);
  if (recv(fd, cookie, sizeof cookie, MSG_WAITALL) != kCookie) fault("cookie");
  char name = cookie[kCookie - 1];
  if (name == '\0' && recv(fd, &name, 1, MSG_WAITALL) != 1) fault("name");
  pthread_mutex_lock(&lock);
  order[accepted++] = name;
  pthread_mutex_unlock(&lock);
}

static void wait_readable(int epoll) {
  if (option("select")) {
    fd_set set;
    FD_ZERO(&set);
    FD_SET(listener, &set);
    select(listener + 1, &set, NULL, NULL, NULL);
  } else if (option("poll")) {
    struct pollfd ready = {.fd = listener, .events = POLLIN};
    poll(&ready, 1, -1);
  } else if (option("epoll")) {
    struct epoll_event event;
    epoll_wait(epoll, &event, 1, -1);
  }
}

// A child must not share what is held back.
static void fork_and_compare(int descriptors) {
  static bool done;
  if (done) return;
  done = true;
  printf("forked\n");
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) _exit(open_descriptors() == descriptors ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0) fault("child shares a connection");
}

// What is held back belongs to a listener; it goes when that is closed.
static void reopen(void) {
  struct sockaddr_storage own;
  socklen_t length = sizeof own;
  const int on = 1;
  getsockname(listener, (struct sockaddr*)&own, &length);
  close(listener);
  listener = socket(own.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr*)&own, length) != 0) fault("bind");
  if (listen(listener, 16) != 0) fault("listen");
  if (accept_once() >= 0 || errno != EAGAIN) fault("accept on a new listener");
}

static void* accept_in_thread(void* unused) {
  (void)unused;
  read_name(accept_once());
  return NULL;
}

static void serve_in_threads(int count) {
  pthread_t threads[kMax];
  for (int i = 0; i < count; ++i) pthread_create(&threads[i], NULL, accept_in_thread, NULL);
  for (int i = 0; i < count; ++i) pthread_join(threads[i], NULL);
}

static void serve(int count, int descriptors) {
  const bool drains = option("epoll");
  const int epoll = drains ? epoll_create1(0) : -1;
  struct epoll_event event = {.events = EPOLLIN | EPOLLET};
  if (drains) epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  while (accepted < count) {
    wait_readable(epoll);
    sigsetjmp(before_call, 1);
    for (;;) {
      const int fd = accept_once();
      if (fd >= 0) {
        read_name(fd);
        if (drains) continue;
      } else if (errno != EAGAIN) {
        fault("accept");
        return;
      } else if (option("fork") && accepted == 1) {
        fork_and_compare(descriptors + 1);
      } else if (option("reopen")) {
        reopen();
        return;
      }
      break;
    }
  }
  if (drains) close(epoll);
}

static int server(int count) {
  listener = atoi(arguments[2]);
  if (listen(listener, kMax) != 0) fault("listen");  // as a program does that makes its own
  const int descriptors = open_descriptors();
  if (option("jump")) {
    struct sigaction action = {.sa_handler = jump};
    sigaction(SIGUSR1, &action, NULL);
  }
  const bool waits = option("select") || option("poll") || option("epoll");
  fcntl(listener, F_SETFL, waits ? O_NONBLOCK : 0);
  if (option("threads")) {
    serve_in_threads(count);
  } else {
    serve(count, descriptors);
  }
  struct pollfd left = {.fd = listener, .events = POLLIN};
  if (poll(&left, 1, 0) != 0) fault("listener still readable");
  if (open_descriptors() != descriptors + accepted) fault("descriptors leaked");
  printf("%s\n", order);
  return 0;
}

// --- client -----------------------------------------------------------------------------------

static void tcp_option(int fd, int which, int value) {
  if (setsockopt(fd, IPPROTO_TCP, which, &value, sizeof value) != 0) fault("setsockopt");
}

// The cookie and, where it cannot hold the name, one byte more, in the way that the options ask.
static void send_cookie(int fd, char name, bool stranger) {
  char bytes[kCookie + 1] = "probe";
  if (stranger) bytes[0] = 'x';
  if (option("iperf3")) memset(bytes, option("shout") ? 'A' : 'a', kCookie - 1);
  if (option("each")) bytes[0] = (char)('b' + name - '0');
  bytes[option("iperf3") ? kCookie : kCookie - 1] = name;
  const size_t size = option("iperf3") ? kCookie + 1 : kCookie;
  struct iovec parts[2] = {{bytes, 20}, {bytes + 20, size - 20}};
  const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
  if (option("cork")) tcp_option(fd, TCP_CORK, 1);
  ssize_t sent = 0;
  if (option("pieces") || option("more")) {
    sent = send(fd, bytes, 20, option("more") ? MSG_MORE : 0);
    sent += write(fd, bytes + sent, size - (size_t)sent);
  } else if (option("sendmsg")) {
    sent = sendmsg(fd, &message, MSG_NOSIGNAL);
  } else if (option("writev")) {
    sent = writev(fd, parts, 2);
  } else {
    sent = send(fd, bytes, size, MSG_NOSIGNAL);
  }
  if (sent != (ssize_t)size) fault("send");
  if (option("nodelay")) tcp_option(fd, TCP_NODELAY, 1);
  if (option("cork")) tcp_option(fd, TCP_CORK, 0);
}

struct opening {
  int fd;
  char name;
};
static pthread_t writers[kMax];
static int writer_count;

static void* write_in_thread(void* argument) {
  const struct opening opening = *(struct opening*)argument;
  free(argument);
  send_cookie(opening.fd, opening.name, false);
  return NULL;
}

// Until the peer's kernel has the cookie (and the SYN): nothing wakes a program for that.
static void wait_until_acknowledged(int fd) {
  struct tcp_info info = {.tcpi_state = 0};
  do {
    socklen_t length = sizeof info;
    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length);
    poll(NULL, 0, 1);
  } while (info.tcpi_bytes_acked <= kCookie);
}

// An IPv4 address of each port's own, 127.x.y.1: the kernel remembers the round trips to an
// address, and those of held connections teach it time-outs of seconds for the tests that follow.
static int open_connection(char name, bool stranger) {
  const bool v6 = option("v6");
  const in_addr_t port = (in_addr_t)atoi(arguments[2]);
  struct sockaddr_in to4 = {.sin_family = AF_INET, .sin_addr = {htonl(0x7f000001 | port << 8)}};
  struct sockaddr_in6 to6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  to4.sin_port = to6.sin6_port = htons((in_port_t)port);
  const struct sockaddr* const to = v6 ? (struct sockaddr*)&to6 : (struct sockaddr*)&to4;
  const socklen_t length = v6 ? sizeof to6 : sizeof to4;
  const int fd = socket(to->sa_family, SOCK_STREAM, 0);
  if (option("nonblock")) fcntl(fd, F_SETFL, O_NONBLOCK);
  // A stranger comes from a program without the library; a raw call looks the same to it.
  const long rc = stranger ? syscall(SYS_connect, fd, to, length) : connect(fd, to, length);
  if (rc != 0 && errno != EINPROGRESS) {
    fault("connect");
    close(fd);
    return -1;
  }
  struct pollfd ready = {.fd = fd, .events = POLLOUT};
  poll(&ready, 1, -1);
  static int previous = -1;
  if (option("late") && name > '1') wait_until_acknowledged(previous);
  previous = fd;
  if (option("threads") && name != '0') {
    struct opening* const opening = malloc(sizeof *opening);
    *opening = (struct opening){.fd = fd, .name = name};
    pthread_create(&writers[writer_count++], NULL, write_in_thread, opening);
  } else {
    send_cookie(fd, name, stranger);
  }
  return fd;
}

static int client(int streams) {
  static int fds[kMax];  // both outlive a jump
  static int count;
  if (option("jump")) {
    struct sigaction action = {.sa_handler = jump};
    sigaction(SIGUSR1, &action, NULL);
  }
  fds[count++] = open_connection('0', false);
  for (volatile int number = 1; number <= streams; ++number) {
    if (option("jump")) {
      printf("connecting %d\n", number);
      fflush(stdout);
      if (sigsetjmp(before_call, 1) != 0) continue;
    }
    fds[count++] = open_connection((char)('0' + number), false);
    if (number == 1 && option("stranger")) fds[count++] = open_connection('!', true);
  }
  for (int i = 0; i < writer_count; ++i) pthread_join(writers[i], NULL);
  if (option("say")) {
    printf("waiting\n");
    fflush(stdout);
  }
  for (int i = 0; i < count; ++i) {
    if (fds[i] < 0) continue;
    char byte = 0;
    struct pollfd ready = {.fd = fds[i], .events = POLLIN};
    poll(&ready, 1, -1);
    if (recv(fds[i], &byte, 1, 0) > 0) fault("unexpected byte");
  }
  printf("done\n");
  return 0;
}

int main(int argc, char** argv) {
  argument_count = argc;
  arguments = argv;
  if (argc >= 4 && strcmp(argv[1], "server") == 0) return server(atoi(argv[3]));
  if (argc >= 4 && strcmp(argv[1], "client") == 0) return client(atoi(argv[3]));
  fprintf(stderr, "usage: probe server LISTENER COUNT ... | probe client PORT STREAMS ...\n");
  return 2;
}

/* What a program brings to the loop that the header prints. tests/abi/printed.sh puts the printed code into printed.inc.
 *
 *   printed send PORT ACCOUNT PASSWORD FILE TO      printed recv PORT ACCOUNT PASSWORD FILE
 *
 * The stream is plain: where the printed code speaks of TLS, the server of the tests needs none. */
#define _XOPEN_SOURCE 700
#include "xft.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *account, *password;

static void introduce(xft_config *cfg) {
  int random = open("/dev/urandom", O_RDONLY);
  cfg->account = account;
  cfg->account_len = strlen(account);
  cfg->password = password;
  cfg->password_len = strlen(password);
  cfg->resource = "printed";
  cfg->resource_len = 7;
  if (read(random, cfg->entropy, sizeof cfg->entropy) != (ssize_t)sizeof cfg->entropy) { abort(); }
  close(random);
}

static uint64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static void write_all(int sock, const uint8_t *bytes, size_t len) {
  while (len > 0) {
    ssize_t sent = send(sock, bytes, len, MSG_NOSIGNAL);
    if (sent <= 0) { return; } /* the reading side tells */
    bytes += sent;
    len -= (size_t)sent;
  }
}

/* The bytes that came, 0 at the end of the stream, -1 when nothing came until then. */
static ssize_t read_until(int sock, uint8_t *bytes, size_t len, uint64_t until) {
  uint64_t now = now_ms();
  struct pollfd it = {sock, POLLIN, 0};
  int wait = until == UINT64_MAX ? -1 : until <= now ? 0 : until - now > 10000u ? 10000 : (int)(until - now);
  if (poll(&it, 1, wait) <= 0) { return -1; }
  ssize_t got = read(sock, bytes, len);
  return got < 0 ? 0 : got;
}

static void run(int sock, int file, int part_file, int sending, xft_file file_to_send) {
#include "printed.inc"
}

int main(int argc, char **argv) {
  if (argc < 6) { return 2; }
  int sending = strcmp(argv[1], "send") == 0, yes = 1, file = -1, part_file = -1;
  struct sockaddr_in at = {0};
  xft_file offer;
  struct stat about;
  xft_file_init(&offer, sizeof offer);
  account = argv[3];
  password = argv[4];
  if (sending) {
    file = open(argv[5], O_RDONLY);
    if (argc < 7 || fstat(file, &about) != 0) { return 2; }
    offer.to = argv[6];
    offer.to_len = strlen(argv[6]);
    offer.name = "printed";
    offer.name_len = 7;
    offer.file_size = (uint64_t)about.st_size;
  } else {
    part_file = open(argv[5], O_WRONLY | O_CREAT | O_TRUNC, 0600);
  }
  int sock = socket(AF_INET, SOCK_STREAM, 0);
  at.sin_family = AF_INET;
  at.sin_port = htons((uint16_t)atoi(argv[2]));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (connect(sock, (struct sockaddr *)&at, sizeof at) != 0) { return 3; }
  run(sock, file, part_file, sending, offer);
  close(sock);
  return 0;
}

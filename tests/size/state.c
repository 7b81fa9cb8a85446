/* Prints what a session needs, as the budgets name it. */
#include "xft.h"
#include <stdio.h>
#include <string.h>

static unsigned long state_bytes(uint32_t transfers, uint32_t contacts, uint32_t block, uint32_t streams) {
  xft_config cfg;
  size_t size = 0, align = 0;
  if (xft_config_init(&cfg, sizeof cfg) != XFT_OK) { return 0; }
  cfg.account = "user@example.org";
  cfg.account_len = 16;
  cfg.password = "secret";
  cfg.password_len = 6;
  memset(cfg.entropy, 1, sizeof cfg.entropy);
  cfg.transfers = transfers;
  cfg.contacts = contacts;
  cfg.block_bytes = block;
  cfg.streams = streams;
  if (streams == 0) {
    cfg.methods[0] = XFT_METHOD_IN_BAND;
    cfg.methods[1] = cfg.methods[2] = XFT_METHOD_NONE;
  }
  return xft_session_layout(&cfg, &size, &align) == XFT_OK ? (unsigned long)size : 0;
}

int main(void) {
  unsigned long one = state_bytes(1, 2, 1024, 8);
  printf("state_bytes_1_transfer_block_1024 %lu\n", one);
  printf("state_bytes_1_transfer_block_1024_in_band %lu\n", state_bytes(1, 2, 1024, 0));
  printf("bytes_per_further_transfer %lu\n", state_bytes(2, 2, 1024, 8) - one);
  printf("bytes_per_further_contact %lu\n", state_bytes(1, 3, 1024, 8) - one);
  printf("bytes_per_further_stream %lu\n", state_bytes(1, 2, 1024, 9) - one);
  return 0;
}

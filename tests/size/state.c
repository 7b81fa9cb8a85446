/* Prints what a session needs, as the budgets name it. */
#include "xft.h"
#include <stdio.h>

static unsigned long state_bytes(uint32_t transfers, uint32_t contacts, uint32_t block) {
  xft_config cfg;
  size_t size = 0, align = 0;
  if (xft_config_init(&cfg, sizeof cfg) != XFT_OK) { return 0; }
  cfg.transfers = transfers;
  cfg.contacts = contacts;
  cfg.block_bytes = block;
  return xft_session_layout(&cfg, &size, &align) == XFT_OK ? (unsigned long)size : 0;
}

int main(void) {
  unsigned long one = state_bytes(1, 2, 1024);
  printf("state_bytes_1_transfer_block_1024 %lu\n", one);
  printf("bytes_per_further_transfer %lu\n", state_bytes(2, 2, 1024) - one);
  printf("bytes_per_further_contact %lu\n", state_bytes(1, 3, 1024) - one);
  return 0;
}

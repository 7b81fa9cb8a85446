/* Prints what a session needs, as the budgets name it. */
#include "xft.h"
#include <stdio.h>

static unsigned long state_bytes(uint32_t transfers, uint32_t block) {
  xft_config cfg;
  size_t size = 0, align = 0;
  if (xft_config_init(&cfg, sizeof cfg) != XFT_OK) { return 0; }
  cfg.transfers = transfers;
  cfg.block_bytes = block;
  return xft_session_layout(&cfg, &size, &align) == XFT_OK ? (unsigned long)size : 0;
}

int main(void) {
  printf("state_bytes_1_transfer_block_1024 %lu\n", state_bytes(1, 1024));
  printf("bytes_per_further_transfer %lu\n", state_bytes(2, 1024) - state_bytes(1, 1024));
  return 0;
}

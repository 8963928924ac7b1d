/* HKDF-SHA-256 (RFC 5869) for one block, by hand: libsodium has it from 1.0.19 on only. */
#ifndef LN_HKDF_H
#define LN_HKDF_H

#include <stddef.h>
#include <stdint.h>

/* 32 bytes from `ikm` under `salt` for the purpose `info`. Any thread. */
void ln_hkdf_derive(uint8_t out[32], const void *ikm, size_t ikm_len, const void *salt,
                    size_t salt_len, const char *info);

#endif

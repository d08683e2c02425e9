#pragma once

#include <string_view>

// The answer to a hello in open access, so that porter-bench and porter can use the servers that porterd is compared
// with. docs/PROTOCOL.md has the layout of both frames.

inline constexpr char hello = 0x01;

/// welcome(version 1, open, 1 MiB, "raw_echo", "") and granted(open, no name, no session).
inline constexpr char access_bytes[] =
    "\0\0\0\x13\x81\x01\0\0\x10\0\0\0\x08raw_echo\0\0"
    "\0\0\0\x24\x82\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
inline constexpr std::string_view open_access{access_bytes, sizeof access_bytes - 1};
static_assert(open_access.size() == 4 + 0x13 + 4 + 0x24);

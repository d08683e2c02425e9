#include "terminal/progress_bar.hpp"

#include "support/catch.hpp"

using porter::detail::terminal::progress_line;
using porter::detail::terminal::rounded_size;

TEST_CASE("a bar fills with the progress")
{
    constexpr std::uint64_t mib = 1024 * 1024;
    CHECK(progress_line("backup", 0, 2 * mib) == "backup  [..............................]    0 %  0 bytes of 2.0 MiB");
    CHECK(progress_line("backup", mib, 2 * mib) ==
          "backup  [###############...............]   50 %  1.0 MiB of 2.0 MiB");
    CHECK(progress_line("backup", 2 * mib, 2 * mib) ==
          "backup  [##############################]  100 %  2.0 MiB of 2.0 MiB");
}

TEST_CASE("a bar is full only at the end")
{
    CHECK(progress_line("x", 999'999, 1'000'000).find("  99 %") != std::string::npos);
    CHECK(progress_line("x", 0, 0).find(" 100 %") != std::string::npos);
    CHECK(progress_line("x", 5, 4).find(" 100 %") != std::string::npos);
}

TEST_CASE("sizes are rounded for people")
{
    CHECK(rounded_size(0) == "0 bytes");
    CHECK(rounded_size(1023) == "1023 bytes");
    CHECK(rounded_size(36'864) == "36.0 KiB");
    CHECK(rounded_size(1'610'612'736) == "1.5 GiB");
    CHECK(rounded_size(5'000ULL << 40) == "5000.0 TiB");
}

// Porter and another library on Asio share an io_context.
#include <asio.hpp>
#include <cstdio>

#include "elsewhere.hpp"
#include "round_trip.hpp"

int main()
{
    if (!is_eof_separately(asio::error::eof)) return std::puts("Asio's error categories differ"), 1;
    for (int i = 1; i <= 3; ++i) {
        asio::io_context io;
        start_elsewhere(io);
        if (round_trip(io, "hello") != "hello") return std::puts("the message differs"), 1;
        if (steps_elsewhere() != i * 10'001) return std::puts("the other library did not run"), 1;
    }
    std::puts("ok");
}

#include "server/transport.hpp"

#include <array>

namespace porter::rooms::server {

task<result<void, ending>> recognise(stream& socket)
{
    auto [failed] = co_await socket.async_wait(stream::wait_read, base::use_tuple);
    if (failed) co_return refuse(ending::lost(failed.message()));

    std::array<unsigned char, 1> first{};
    base::error_code error;
    auto const size = socket.receive(asio::buffer(first), stream::message_peek, error);
    if (error == asio::error::eof || (!error && size == 0)) co_return refuse(ending::half_closed());
    if (error) co_return refuse(ending::lost(error.message()));
    if (first[0] != 0x00) {
        co_return refuse(
            ending::by_us(code::protocol_error, "this is a porter/1 server: frames begin with a zero byte"));
    }
    co_return result<void, ending>{};
}

}  // namespace porter::rooms::server

#include "server/proxy_protocol.hpp"

namespace porter::detail::server {
namespace {

/// Bytes of one peek: few, because a header is short.
constexpr std::size_t step = 256;

close_reason invalid_header(std::string const& reason)
{
    return close_reason::local(code::protocol_error, "a PROXY header is required here: " + reason);
}

}  // namespace

task<result<proxy_header, close_reason>> read_proxy_header(base::tcp_socket& socket)
{
    // Peeks first and consumes afterwards: the length of the header is known only then.
    std::string prefix;
    std::size_t taken = 0;
    for (;;) {
        auto [failed] = co_await socket.async_wait(base::tcp_socket::wait_read, base::use_tuple);
        if (failed) co_return unexpected(close_reason::lost(failed.message()));
        prefix.resize(taken + step);
        auto const space = asio::buffer(prefix) + taken;
        base::error_code error;
        auto const peeked = socket.receive(space, base::tcp_socket::message_peek, error);
        if (error == asio::error::would_block) continue;
        if (error == asio::error::eof || (!error && peeked == 0)) {
            co_return unexpected(taken == 0 ? close_reason::half_closed() : close_reason::truncated());
        }
        if (error) co_return unexpected(close_reason::lost(error.message()));

        auto const header = parse_proxy_header(std::string_view{prefix}.substr(0, taken + peeked));
        if (!header) co_return unexpected(invalid_header(header.error()));
        auto const wanted = *header ? (*header)->size - taken : peeked;
        taken += socket.receive(asio::buffer(space, wanted), 0, error);
        if (error) co_return unexpected(close_reason::lost(error.message()));
        if (*header) co_return **header;
    }
}

}  // namespace porter::detail::server

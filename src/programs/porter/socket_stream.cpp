#include "programs/porter/socket_stream.hpp"

#include <asio/redirect_error.hpp>
#include <asio/write.hpp>

namespace porter::programs {

task<std::size_t> socket_stream::read(asio::mutable_buffer buffer, std::error_code& error)
{
    auto const size = co_await socket_.async_read_some(buffer, asio::redirect_error(use_task, error));
    if (error == asio::error::eof) error.clear();
    co_return size;
}

task<void> socket_stream::write(asio::const_buffer bytes, std::error_code& error)
{
    co_await asio::async_write(socket_, bytes, asio::redirect_error(use_task, error));
}

void socket_stream::end_output()
{
    std::error_code ignored;  // the program is gone: the next read says so
    socket_.shutdown(local_socket::shutdown_send, ignored);
}

void socket_stream::cancel()
{
    std::error_code ignored;  // nothing was pending
    socket_.cancel(ignored);
}

void socket_stream::reset()
{
    std::error_code ignored;  // a unix socket has no reset
    socket_.set_option(asio::socket_base::linger{true, 0}, ignored);
    socket_.close(ignored);
}

}  // namespace porter::programs

#include "programs/porter/standard_stream.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace porter::programs {

standard_stream::standard_stream(io_executor executor)
    : input_(executor, STDIN_FILENO), output_(executor, STDOUT_FILENO)
{}

task<std::size_t> standard_stream::read(asio::mutable_buffer buffer, std::error_code& error)
{
    return input_.read_some(buffer, error);
}

task<void> standard_stream::write(asio::const_buffer bytes, std::error_code& error)
{
    return output_.write(bytes, error);
}

void standard_stream::end_output()
{
    ::shutdown(STDOUT_FILENO, SHUT_WR);  // fails unless it is a socket
    int const null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null < 0) {
        ::close(STDOUT_FILENO);
        return;
    }
    ::dup2(null, STDOUT_FILENO);
    ::close(null);
}

void standard_stream::cancel()
{
    input_.cancel();
    output_.cancel();
}

}  // namespace porter::programs

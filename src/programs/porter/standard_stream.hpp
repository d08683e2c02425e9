#pragma once

#include "programs/porter/byte_stream.hpp"
#include "programs/porter/local_stream.hpp"

namespace porter::programs {

/// The byte stream of stdin and stdout.
class standard_stream final : public local_stream {
public:
    explicit standard_stream(io_executor executor);

    task<std::size_t> read(asio::mutable_buffer buffer, std::error_code& error) override;
    task<void> write(asio::const_buffer bytes, std::error_code& error) override;

    /// Closes stdout, and shuts it down if it is a socket, which may be that of stdin, too. From then on stdout is
    /// /dev/null.
    void end_output() override;
    void cancel() override;

private:
    byte_stream input_;
    byte_stream output_;
};

}  // namespace porter::programs

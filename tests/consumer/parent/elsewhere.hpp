#pragma once

#include <system_error>

namespace asio {
class io_context;
}

/// Starts coroutines of a library that knows nothing of Porter.
void start_elsewhere(asio::io_context& io);

/// How many of its steps have run.
int steps_elsewhere();

/// Whether code that is compiled as Porter's objects are takes it for asio::error::eof.
bool is_eof_separately(std::error_code error);

#pragma once

#include <string>
#include <string_view>

namespace asio {
class io_context;
}

/// Sends a text through a pair of message sockets; runs the io_context. "" if the end of the stream was not eof.
std::string round_trip(asio::io_context& io, std::string_view text);

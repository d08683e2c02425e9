#pragma once

#include "porter/blocking_message_socket.hpp"
#include "wire/pairs.hpp"
#include "wire/tls_pairs.hpp"

namespace porter::testing {

using blocking_tcp = blocking_message_socket<>;
using blocking_local = blocking_message_socket<asio::local::stream_protocol::socket>;
using blocking_tls = blocking_message_socket<asio::ssl::stream<asio::ip::tcp::socket>>;

}  // namespace porter::testing

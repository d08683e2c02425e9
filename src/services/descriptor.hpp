#pragma once

#include "porter/detail/asio_config.hpp"

#include <asio/posix/basic_stream_descriptor.hpp>

#include "porter/task.hpp"

namespace porter::detail::services {

/// A pipe, or a pidfd.
using descriptor = asio::posix::basic_stream_descriptor<io_executor>;

}  // namespace porter::detail::services

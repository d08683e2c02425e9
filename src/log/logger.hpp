#pragma once

#include <string_view>

#include "porter/logger.hpp"

/// The public interface of the log, under the names that the modules use.
namespace porter::detail::log {

using level = porter::log_level;
using field = porter::log_field;
using porter::connection_logger;
using porter::log_record;
using porter::logger;
using porter::name_of;

inline field quoted(std::string_view key, std::string_view text)
{
    return field::quoted(key, text);
}

}  // namespace porter::detail::log

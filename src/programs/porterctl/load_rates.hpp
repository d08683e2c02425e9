#pragma once

#include <cstdint>
#include <string>

#include "control/messages.hpp"

namespace porter::programs {

/// What happened in a second, on average between two loads of a server.
struct load_rates {
    double accepted = 0;
    double messages_in = 0;
    double messages_out = 0;
    double bytes_in = 0;
    double bytes_out = 0;
    double granted = 0;
    double denied = 0;
    double throttled = 0;
    double hashes_rejected = 0;
    double store_operations = 0;
    double store_failed = 0;
    double store_ms = 0;  ///< milliseconds an operation of the store took on average; not of a second
};

/// Zeros if the server was restarted between the two.
load_rates rates_between(detail::control::server_load const& before, detail::control::server_load const& after);

/// "0", "0.3", "42", "1.2k", "3.4M"
std::string rounded_number(double number);

}  // namespace porter::programs

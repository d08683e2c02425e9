#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/forward_target.hpp"
#include "config/metrics_address.hpp"
#include "config/service_spec.hpp"
#include "porter/server.hpp"

namespace porter::detail::config {

/// Where a value came from. A later source overrides an earlier one.
struct origin {
    enum class source : std::uint8_t { by_default, file, environment, flag };

    source kind = source::by_default;
    std::string where = "default";  ///< for people: "--port", "PORTERD_PORT", "/etc/porterd.toml:3:8"
};

/// porterd's options: the server's, and the program's own.
struct porterd_options {
    server_options server;

    service_spec service;
    std::size_t max_processes = 256;  ///< of the service exec
    config::forward_identity forward_identity = config::forward_identity::none;

    bool strict_port = false;
    std::filesystem::path port_file;  ///< empty: none
    metrics_address metrics;          ///< empty: they are not served
    bool no_input = false;
    bool check = false;
    bool print_config = false;

    std::map<std::string, origin, std::less<>> origins;  ///< by option name; absent: a default

    origin origin_of(std::string_view option) const;

    /// The beginning of an error about an option's value: "--port", "PORTERD_PORT", "/etc/porterd.toml:3:8: port".
    std::string place_of(std::string_view option) const { return place_of(option, origin_of(option)); }
    static std::string place_of(std::string_view option, origin const& from);
    bool was_given(std::string_view option) const { return origins.find(option) != origins.end(); }

    /// Sets the port and the number of ports to try: 100 more unless --strict-port.
    void set_port(std::uint16_t port);
};

}  // namespace porter::detail::config

#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "porter/log_level.hpp"

namespace porter::detail::log {

using level = porter::log_level;

/// One key=value of a log line. Use `quoted` for text from a peer: it is always written in quotes, escaped; other text
/// has quotes only if it needs them. The value is a view, which must be valid until the call returns.
class field {
public:
    enum class style : std::uint8_t { text, quoted, number, seconds };

    field(std::string_view key_, std::string_view text_) : key(key_), text(text_) {}
    field(std::string_view key_, char const* text_) : key(key_), text(text_) {}
    template <std::integral Number>
    field(std::string_view key_, Number value)
        : key(key_), number(static_cast<std::int64_t>(value)), style_(style::number)
    {}
    /// A duration that is not negative, written in seconds: 1.250.
    field(std::string_view key_, std::chrono::milliseconds length)
        : key(key_), number(length.count()), style_(style::seconds)
    {}

    std::string_view key;
    std::string_view text;
    std::int64_t number = 0;
    style style_ = style::text;
};

inline field quoted(std::string_view key, std::string_view text)
{
    field value{key, text};
    value.style_ = field::style::quoted;
    return value;
}

class connection_logger;

/// The interface of the log. An event is a fixed snake_case name; its values are fields, the peer's address before any
/// text from the peer. Never log a password, a token or a digest. Safe from any thread; never blocks on a disk.
class logger {
public:
    virtual ~logger() = default;

    /// Whether lines of this level are written. Check it before you compute expensive fields.
    bool writes(level severity) const noexcept { return severity >= threshold_; }

    void trace(std::string_view event, std::initializer_list<field> fields = {}) { log(level::trace, event, fields); }
    void debug(std::string_view event, std::initializer_list<field> fields = {}) { log(level::debug, event, fields); }
    void info(std::string_view event, std::initializer_list<field> fields = {}) { log(level::info, event, fields); }
    void warn(std::string_view event, std::initializer_list<field> fields = {}) { log(level::warn, event, fields); }
    void error(std::string_view event, std::initializer_list<field> fields = {}) { log(level::error, event, fields); }

    void log(level severity, std::string_view event, std::initializer_list<field> fields)
    {
        if (writes(severity)) write(severity, event, {}, fields);
    }

    /// For lines about one connection, which begin with its address and number: `log.with(address).info("login")`.
    /// `peer` outlives what this returns.
    template <typename Peer>
    connection_logger with(Peer const& peer);

protected:
    explicit logger(level threshold) : threshold_(threshold) {}

private:
    friend class connection_logger;
    /// `peer`: address and number of the connection that the line is about; empty: none.
    virtual void write(level severity, std::string_view event, std::span<field const> peer,
                       std::initializer_list<field> fields) = 0;

    level threshold_;
};

/// A logger whose lines begin with the address and the number of one connection.
class connection_logger {
public:
    connection_logger(logger& log, field address, field connection) : log_(log), peer_{address, connection} {}

    void trace(std::string_view event, std::initializer_list<field> fields = {}) { log(level::trace, event, fields); }
    void debug(std::string_view event, std::initializer_list<field> fields = {}) { log(level::debug, event, fields); }
    void info(std::string_view event, std::initializer_list<field> fields = {}) { log(level::info, event, fields); }
    void warn(std::string_view event, std::initializer_list<field> fields = {}) { log(level::warn, event, fields); }
    void error(std::string_view event, std::initializer_list<field> fields = {}) { log(level::error, event, fields); }

    void log(level severity, std::string_view event, std::initializer_list<field> fields)
    {
        if (log_.writes(severity)) log_.write(severity, event, peer_, fields);
    }

private:
    logger& log_;
    std::array<field, 2> peer_;
};

template <typename Peer>
connection_logger logger::with(Peer const& peer)
{
    return {*this, {"address", peer.text()}, {"connection", peer.connection()}};
}

}  // namespace porter::detail::log

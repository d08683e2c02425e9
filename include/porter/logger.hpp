#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "porter/log_level.hpp"

namespace porter {

/// One key=value of a log line. The key is a literal of lower-case letters, digits and '_'. Key and text are views:
/// they must be valid until the call that logs them returns.
class log_field {
public:
    /// How the value is written.
    enum class kind_type : std::uint8_t {
        text,     ///< in quotes if it needs them
        quoted,   ///< in quotes, escaped
        number,   ///< an integer
        seconds,  ///< a duration
    };

    ///@{
    /// Text of the program itself: written without quotes where it needs none.
    log_field(std::string_view key_, std::string_view text_) : key(key_), text(text_) {}
    log_field(std::string_view key_, char const* text_) : key(key_), text(text_) {}
    ///@}
    /// A number.
    template <std::integral Number>
    log_field(std::string_view key_, Number value)
        : key(key_), number(static_cast<std::int64_t>(value)), kind(kind_type::number)
    {}
    /// A duration that is not negative, written in seconds: 1.250.
    log_field(std::string_view key_, std::chrono::milliseconds length)
        : key(key_), number(length.count()), kind(kind_type::seconds)
    {}
    /// Text from a peer: always written in quotes, and escaped.
    static log_field quoted(std::string_view key, std::string_view text)
    {
        log_field field{key, text};
        field.kind = kind_type::quoted;
        return field;
    }

    /// The value as text; a duration as in the log file.
    std::string value() const;

    std::string_view key;              ///< a literal
    std::string_view text;             ///< of `text` and `quoted`
    std::int64_t number = 0;           ///< of `number`, and of `seconds` in milliseconds
    kind_type kind = kind_type::text;  ///< how the value is written
};

/// One event, as a logger receives it. All views end when logger::write() returns.
struct log_record {
    log_level level = log_level::info;  ///< at which it is logged
    std::string_view event;             ///< a fixed name of lower-case letters, digits and '_', such as "login"
    std::span<log_field const> peer;    ///< `address` and `connection` of the connection that it is about, or empty
    std::span<log_field const> fields;  ///< its values
};

/// The record as one line in a format of the log file, with the current time and without a line feed. It contains no
/// control characters, and no value can forge a field.
std::string to_line(log_record const& record, log_format format = log_format::text);

/// "trace", "debug", "info", "warn" or "error".
std::string_view name_of(log_level level) noexcept;

class connection_logger;

/// The interface of the log: the server's own file by default, a class of yours by server_parts::logger. An event is a
/// fixed name, its values are fields. Never log a password, a token or a digest: the server does not, and a service
/// must not either.
///
/// Threads: every member may be called from any thread, at the same time.
class logger {
public:
    virtual ~logger() = default;
    logger(logger const&) = delete;
    logger& operator=(logger const&) = delete;

    /// Whether records of this level are written. Check it before you compute expensive fields.
    bool writes(log_level level) const noexcept { return level >= threshold_.load(std::memory_order_relaxed); }

    ///@{
    /// Logs one event at this level, if it reaches the threshold.
    void trace(std::string_view event, std::initializer_list<log_field> fields = {})
    {
        log(log_level::trace, event, fields);
    }
    void debug(std::string_view event, std::initializer_list<log_field> fields = {})
    {
        log(log_level::debug, event, fields);
    }
    void info(std::string_view event, std::initializer_list<log_field> fields = {})
    {
        log(log_level::info, event, fields);
    }
    void warn(std::string_view event, std::initializer_list<log_field> fields = {})
    {
        log(log_level::warn, event, fields);
    }
    void error(std::string_view event, std::initializer_list<log_field> fields = {})
    {
        log(log_level::error, event, fields);
    }
    ///@}

    /// Writes one event, if it reaches the threshold.
    void log(log_level level, std::string_view event, std::initializer_list<log_field> fields = {})
    {
        if (writes(level)) write(log_record{level, event, {}, {fields.begin(), fields.size()}});
    }

    /// For lines about one connection, which begin with its address and number: `log.with(address).info("login")`.
    /// `Peer` has the members text(), a view that outlives what this returns, and connection(), a number.
    template <typename Peer>
    connection_logger with(Peer const& peer);

protected:
    /// `threshold`: records below it are not passed on.
    explicit logger(log_level threshold) : threshold_(threshold) {}

    /// Changes the threshold for later records.
    void set_threshold(log_level threshold) noexcept { threshold_.store(threshold, std::memory_order_relaxed); }

private:
    friend class connection_logger;

    /// Takes one record. Called from every thread of the server, between the events of its connections: it must not
    /// block (hand the record to a thread of your own) and must not throw (that ends the program).
    virtual void write(log_record const& record) noexcept = 0;

    std::atomic<log_level> threshold_;
};

/// A logger whose lines begin with the address and the number of one connection. Cheap to copy. It must not outlive the
/// logger or the connection.
class connection_logger {
public:
    /// Made by connection::log() and logger::with().
    connection_logger(logger& log, log_field address, log_field connection) : log_(&log), peer_{address, connection} {}

    /// Whether records of this level are written.
    bool writes(log_level level) const noexcept { return log_->writes(level); }

    ///@{
    /// Logs one event at this level, if it reaches the threshold.
    void trace(std::string_view event, std::initializer_list<log_field> fields = {}) const
    {
        log(log_level::trace, event, fields);
    }
    void debug(std::string_view event, std::initializer_list<log_field> fields = {}) const
    {
        log(log_level::debug, event, fields);
    }
    void info(std::string_view event, std::initializer_list<log_field> fields = {}) const
    {
        log(log_level::info, event, fields);
    }
    void warn(std::string_view event, std::initializer_list<log_field> fields = {}) const
    {
        log(log_level::warn, event, fields);
    }
    void error(std::string_view event, std::initializer_list<log_field> fields = {}) const
    {
        log(log_level::error, event, fields);
    }
    ///@}

    /// Logs one event, if it reaches the threshold.
    void log(log_level level, std::string_view event, std::initializer_list<log_field> fields = {}) const
    {
        if (log_->writes(level)) log_->write(log_record{level, event, peer_, {fields.begin(), fields.size()}});
    }

private:
    logger* log_;
    std::array<log_field, 2> peer_;
};

template <typename Peer>
connection_logger logger::with(Peer const& peer)
{
    return {*this, {"address", peer.text()}, {"connection", peer.connection()}};
}

/// Passes each record to a function, such as one that calls the log of your program:
///
///     porter::callback_logger log{porter::log_level::info, [&](porter::log_record const& record) {
///         spdlog::info("{}", porter::to_line(record));
///     }};
///
/// The function is called as logger::write() is: on any thread, on several at once, and must not block or throw.
class callback_logger final : public logger {
public:
    /// `threshold`: records below it are not passed on. Throws std::invalid_argument if the function is empty.
    callback_logger(log_level threshold, std::function<void(log_record const&)> callback)
        : logger(threshold), callback_(std::move(callback))
    {
        if (!callback_) throw std::invalid_argument{"porter::callback_logger: the function is empty"};
    }

private:
    void write(log_record const& record) noexcept override { callback_(record); }

    std::function<void(log_record const&)> callback_;
};

}  // namespace porter

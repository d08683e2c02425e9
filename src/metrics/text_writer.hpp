#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "metrics/histogram.hpp"

namespace porter::detail::metrics {

/// A label of a sample. Its value is a word of the program, never a text of a client: each value is a time series that
/// the collector keeps.
struct label {
    std::string_view name;
    std::string_view value;
};

enum class kind : std::uint8_t { counter, gauge, histogram };

/// Writes metrics in the text format of Prometheus, version 0.0.4. The samples of a family follow its begin().
class text_writer {
public:
    using labels = std::initializer_list<label>;

    /// Begins a family. `help`: a sentence for an operator, escaped here.
    void begin(std::string_view name, kind type, std::string_view help);

    /// A sample of the family: a whole number, or seconds.
    template <std::integral Number>
    void add(Number value, labels with = {})
    {
        add_sample("", with, std::to_string(value));
    }
    void add(std::chrono::nanoseconds value, labels with = {});
    void add(histogram const& values, labels with = {});

    ///@{
    /// A family with one sample.
    template <typename Value>
    void write(std::string_view name, kind type, std::string_view help, Value const& value)
    {
        begin(name, type, help);
        add(value);
    }
    ///@}

    std::string const& text() const noexcept { return text_; }

private:
    void add_sample(std::string_view suffix, labels with, std::string_view value, std::string_view bound = {});

    std::string name_;  // of the family
    std::string text_;
};

/// Seconds as a decimal number without superfluous zeros: 0.0025.
std::string seconds_text(std::chrono::nanoseconds length);

}  // namespace porter::detail::metrics

#pragma once

#include <map>
#include <optional>
#include <string>

namespace porter::detail::config {

/// The environment variables that a program was started with, as a value, so that tests choose them.
class environment {
public:
    environment() = default;
    explicit environment(std::map<std::string, std::string> variables) : variables_(std::move(variables)) {}

    /// Those of this process.
    static environment of_process();

    /// A variable's value; none when it is not set or empty (an empty one counts as not set, as XDG and POSIX do).
    std::optional<std::string> find(std::string const& name) const;

    /// All of them, by name.
    std::map<std::string, std::string> const& all() const noexcept { return variables_; }

private:
    std::map<std::string, std::string> variables_;
};

}  // namespace porter::detail::config

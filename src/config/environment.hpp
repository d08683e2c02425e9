#pragma once

#include <map>
#include <optional>
#include <string>

namespace porter::detail::config {

/// The environment of a program, as a value: tests construct their own.
class environment {
public:
    environment() = default;
    explicit environment(std::map<std::string, std::string> variables) : variables_(std::move(variables)) {}

    /// The environment of this process.
    static environment of_process();

    /// A variable's value; none if it is not set or empty, which XDG and POSIX treat alike.
    std::optional<std::string> find(std::string const& name) const;

    /// All variables, by name.
    std::map<std::string, std::string> const& all() const noexcept { return variables_; }

private:
    std::map<std::string, std::string> variables_;
};

}  // namespace porter::detail::config

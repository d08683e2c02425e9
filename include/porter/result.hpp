#pragma once

#include <concepts>
#include <functional>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <variant>

#include "porter/error.hpp"

namespace porter {

/// Wraps an error to construct a `result`: `return unexpected(code::name_taken);`
template <typename E>
struct unexpected {
    /// Takes the error.
    explicit unexpected(E value) : error(std::move(value)) {}
    E error;  ///< becomes the error of the result
};

/// Thrown by a `result` whose absent value or error is read: a defect of the caller. It is checked in every build. In a
/// service it ends that connection, like every exception that leaves the service.
class bad_result_access : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

template <typename T, typename E>
class result;

namespace detail {

template <typename T>
inline constexpr bool is_result = false;
template <typename T, typename E>
inline constexpr bool is_result<result<T, E>> = true;

[[noreturn]] inline void throw_no_value()
{
    throw bad_result_access{"porter::result: the value was read, but it has an error: test the result first"};
}

[[noreturn]] inline void throw_no_error()
{
    throw bad_result_access{"porter::result: the error was read, but it has a value: test the result first"};
}

}  // namespace detail

/// A value or an error, like std::expected of C++23. Reading the one that is absent throws bad_result_access.
///
/// A default-constructed result has a default-constructed error. It is there for Asio, whose co_spawn constructs a
/// result to complete a coroutine that threw.
template <typename T, typename E = error>
class [[nodiscard]] result {
public:
    using value_type = T;  ///< what it holds on success
    using error_type = E;  ///< what it holds otherwise

    /// An error: that of a default-constructed E.
    result()
        requires std::default_initializable<E>
        : state_(std::in_place_index<1>)
    {}
    /// Success: converts from a value.
    result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    /// An error: converts from `unexpected(error)`.
    result(unexpected<E> wrapped) : state_(std::in_place_index<1>, std::move(wrapped.error)) {}

    ///@{
    /// Whether there is a value.
    explicit operator bool() const noexcept { return has_value(); }
    bool has_value() const noexcept { return state_.index() == 0; }
    ///@}

    ///@{
    /// The value. Throws bad_result_access if there is an error. The reference is valid as long as the
    /// result.
    T& value() & { return get(state_); }
    T const& value() const& { return get(state_); }
    T&& value() && { return std::move(get(state_)); }

    T& operator*() & { return value(); }
    T const& operator*() const& { return value(); }
    T&& operator*() && { return std::move(value()); }
    T* operator->() { return &value(); }
    T const* operator->() const { return &value(); }
    ///@}

    /// The error. Throws bad_result_access if there is a value.
    E const& error() const
    {
        if (has_value()) detail::throw_no_error();
        return *std::get_if<1>(&state_);
    }

    ///@{
    /// The value, or `other` if there is an error.
    template <typename U>
    T value_or(U&& other) const&
    {
        return has_value() ? **this : static_cast<T>(std::forward<U>(other));
    }
    template <typename U>
    T value_or(U&& other) &&
    {
        return has_value() ? *std::move(*this) : static_cast<T>(std::forward<U>(other));
    }
    ///@}

    ///@{
    /// What `next` makes of the value, which is a result with the same error type; or the error.
    template <typename F>
    auto and_then(F&& next) const&
    {
        return then<std::invoke_result_t<F, T const&>>(*this, std::forward<F>(next));
    }
    template <typename F>
    auto and_then(F&& next) &&
    {
        return then<std::invoke_result_t<F, T>>(std::move(*this), std::forward<F>(next));
    }
    ///@}

private:
    template <typename State>
    static auto& get(State& state)
    {
        if (state.index() != 0) detail::throw_no_value();
        return *std::get_if<0>(&state);
    }

    template <typename Next, typename Self, typename F>
    static Next then(Self&& self, F&& next)
    {
        static_assert(detail::is_result<Next>, "and_then takes a function that returns a porter::result");
        if (!self) return unexpected(self.error());
        return std::invoke(std::forward<F>(next), *std::forward<Self>(self));
    }

    std::variant<T, E> state_;
};

/// Success without a value, or an error. Default-constructed: success.
template <typename E>
class [[nodiscard]] result<void, E> {
public:
    using value_type = void;  ///< success has no value
    using error_type = E;     ///< what it holds otherwise

    result() = default;  ///< success
    /// An error: converts from `unexpected(error)`.
    result(unexpected<E> wrapped) : error_(std::move(wrapped.error)) {}

    ///@{
    /// Whether it succeeded.
    explicit operator bool() const noexcept { return has_value(); }
    bool has_value() const noexcept { return !error_; }
    ///@}

    /// Throws bad_result_access if there is an error.
    void value() const
    {
        if (error_) detail::throw_no_value();
    }

    /// The error. Throws bad_result_access if it succeeded.
    E const& error() const
    {
        if (!error_) detail::throw_no_error();
        return *error_;
    }

    /// What `next` returns, which is a result with the same error type; or the error.
    template <typename F>
    auto and_then(F&& next) const -> std::invoke_result_t<F>
    {
        static_assert(detail::is_result<std::invoke_result_t<F>>, "and_then takes a function that returns a result");
        if (error_) return unexpected(*error_);
        return std::invoke(std::forward<F>(next));
    }

private:
    std::optional<E> error_;
};

}  // namespace porter

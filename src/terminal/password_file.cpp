#include "terminal/password_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "base/file.hpp"
#include "base/text.hpp"

namespace porter::detail::terminal {

namespace {

using config::exit_code;
using config::option_error;

constexpr std::size_t longest_password = 4 * base::max_password_length;  // bytes
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";             // U+FEFF, which some editors write first

/// `noun`: what the line is, such as "password".
result<base::secret, option_error> read_secret(int file, std::string const& shown, std::string const& noun)
{
    std::array<char, byte_order_mark.size() + longest_password + 3> text;
    std::size_t size = 0;
    while (size < text.size()) {
        auto const count = ::read(file, text.data() + size, text.size() - size);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return unexpected(option_error{exit_code::not_found, "cannot read " + shown});
        if (count == 0) break;
        size += static_cast<std::size_t>(count);
    }
    std::string_view line{text.data(), size};
    if (line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
    line = line.substr(0, line.find_last_not_of("\r\n") + 1);
    base::secret password{line};
    explicit_bzero(text.data(), text.size());
    bool const fits = !password.empty() && password.view().size() <= longest_password &&
                      password.view().find('\n') == std::string_view::npos;
    if (!fits) return unexpected(option_error{exit_code::bad_data, shown + " is not one line with a " + noun});
    return password;
}

/// Checks regular files only: the user does not choose the mode of a pipe, such as that of <(...).
bool is_accessible_to_others(int file, ::mode_t& mode)
{
    struct ::stat status{};
    if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) return false;
    mode = status.st_mode & 07777;
    return (mode & 077) != 0;
}

result<base::secret, option_error> read_secret_file(std::string const& path, std::string const& noun,
                                                    std::function<void(std::string const&)> const& warn)
{
    auto const shown = "the " + noun + " file " + base::escape(path);
    base::unique_fd const file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file) return unexpected(option_error{exit_code::not_found, "cannot read " + shown});
    ::mode_t mode = 0;
    if (warn && is_accessible_to_others(file.get(), mode)) {
        warn(fmt::format("the {} file {} is open to other users (mode {:04o}): chmod 600", noun, path, mode));
    }
    return read_secret(file.get(), shown, noun);
}

}  // namespace

result<base::secret, option_error> read_password_file(std::string const& path,
                                                      std::function<void(std::string const&)> const& warn)
{
    return read_secret_file(path, "password", warn);
}

result<base::secret, option_error> read_code_file(std::string const& path,
                                                  std::function<void(std::string const&)> const& warn)
{
    return read_secret_file(path, "code", warn);
}

result<base::secret, option_error> read_password_from_input()
{
    return read_secret(STDIN_FILENO, "standard input", "password");
}

}  // namespace porter::detail::terminal

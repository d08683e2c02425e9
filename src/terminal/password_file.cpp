#include "terminal/password_file.hpp"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "base/text.hpp"

namespace porter::rooms::terminal {

namespace {

using config::exit_code;
using config::problem;

constexpr std::size_t longest_password = 4 * base::max_password_length;  // bytes

result<base::secret, problem> read_password(int file, std::string const& shown)
{
    std::array<char, longest_password + 3> text;
    std::size_t size = 0;
    while (size < text.size()) {
        auto const got = ::read(file, text.data() + size, text.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return refuse(problem{exit_code::not_found, "cannot read " + shown});
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    std::string_view line{text.data(), size};
    line = line.substr(0, line.find_last_not_of("\r\n") + 1);
    base::secret password{line};
    explicit_bzero(text.data(), text.size());
    bool const fits = !password.empty() && password.view().size() <= longest_password &&
                      password.view().find('\n') == std::string_view::npos;
    if (!fits) return refuse(problem{exit_code::bad_data, shown + " is not one line with a password"});
    return password;
}

}  // namespace

result<base::secret, problem> read_password_file(std::string const& path)
{
    auto const shown = "the password file " + base::escape(path);
    int const file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return refuse(problem{exit_code::not_found, "cannot read " + shown});
    auto read = read_password(file, shown);
    ::close(file);
    return read;
}

result<base::secret, problem> read_password_from_input()
{
    return read_password(STDIN_FILENO, "standard input");
}

}  // namespace porter::rooms::terminal

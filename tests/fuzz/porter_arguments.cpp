// porter's command line: an error is one printable line. Input: an argument a line.
#include "base/text.hpp"
#include "config/host.hpp"
#include "config/option_error.hpp"
#include "fuzz/fuzzer.hpp"
#include "programs/porter/options.hpp"

namespace porter::fuzzing {

void check(std::string_view input)
{
    auto arguments = lines_of(input);
    for (auto& each : arguments) each = each.substr(0, each.find('\0'));  // an argument cannot contain a zero byte
    try {
        auto const options = programs::parse_porter_options(arguments);
        if (options.help || options.version) return;
        require(!options.host || detail::config::parse_host(*options.host), "a host is valid");
        require(!options.port || *options.port != 0, "port 0 is rejected");
        require(options.timeout.count() > 0, "a timeout is positive");
    } catch (detail::config::option_error const& error) {
        std::string_view const message{error.what()};
        require(detail::base::escape(message) == message, "an error has no control characters");
    }
}

}  // namespace porter::fuzzing

// porter's command line: what is refused is said in one line that may be printed. Input: an argument a line.
#include "base/text.hpp"
#include "config/host.hpp"
#include "config/problem.hpp"
#include "fuzz/fuzzer.hpp"
#include "programs/porter/options.hpp"

namespace porter::fuzzing {

void check(std::string_view input)
{
    auto arguments = lines_of(input);
    for (auto& one : arguments) one = one.substr(0, one.find('\0'));  // an argument cannot hold a zero
    try {
        auto const options = programs::parse_porter_options(arguments);
        if (options.help || options.version) return;
        require(!options.host || detail::config::parse_host(*options.host), "a host is a host");
        require(!options.port || *options.port != 0, "one connects to no port 0");
        require(options.timeout.count() > 0, "no server answers in no time");
    } catch (detail::config::option_error const& error) {
        std::string_view const said{error.what()};
        require(detail::base::escape(said) == said, "a refusal holds no control characters");
    }
}

}  // namespace porter::fuzzing

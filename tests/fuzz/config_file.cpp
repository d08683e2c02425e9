// porterd's configuration file: TOML to options and back. Input: the file.
#include "fuzz/settings.hpp"

namespace porter::fuzzing {

void check(std::string_view file)
{
    config::porterd_options options;
    options.server.threads = options.server.hash_threads = 1;  // resolve() would use the number of cores
    try {
        if (!set(options, config::read_toml(file, "porterd.toml"))) return;
    } catch (config::option_error const& error) {
        return require_printable(error.what());
    }
    require_same_when_printed(options);
}

}  // namespace porter::fuzzing

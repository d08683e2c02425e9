#include "server/workers.hpp"

namespace porter::detail::server {

workers::workers(asio::io_context& main, std::size_t count, base::clock const& clock, buffer_limiter& memory,
                 std::chrono::milliseconds tick)
{
    handles_.push_back(&workers_.emplace_back(main, clock, memory, tick));
    for (std::size_t more = 1; more < count; ++more) {
        auto& context = contexts_.emplace_back(1);  // a hint: one thread runs it
        guards_.push_back(asio::make_work_guard(context));
        handles_.push_back(&workers_.emplace_back(context, clock, memory, tick));
        threads_.emplace_back([&context] { context.run(); });
    }
}

}  // namespace porter::detail::server

#include "porter/frame.hpp"

namespace porter {
namespace {

class category final : public std::error_category {
public:
    char const* name() const noexcept override { return "porter.frame"; }

    std::string message(int value) const override
    {
        switch (static_cast<frame_errc>(value)) {
            case frame_errc::empty_frame:
                return "a frame must have a payload";
            case frame_errc::frame_too_large:
                return "a frame is larger than allowed";
            case frame_errc::truncated:
                return "the stream ended in the middle of a frame";
        }
        return "unknown frame error";
    }
};

}  // namespace

std::error_category const& frame_category() noexcept
{
    static category const instance;
    return instance;
}

}  // namespace porter

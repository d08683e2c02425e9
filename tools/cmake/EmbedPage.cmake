# Embeds an HTML page in a target, as a function that returns it. If included, this file defines
# porter_embed_page(TARGET PAGE MODULE FUNCTION); if run by `cmake -P`, it writes the source.

if(NOT CMAKE_SCRIPT_MODE_FILE)
  set(embed_page_script ${CMAKE_CURRENT_LIST_FILE})

  function(porter_embed_page target page module function)
    set(source ${CMAKE_CURRENT_BINARY_DIR}/${target}_${function}.cpp)
    add_custom_command(OUTPUT ${source}
      COMMAND ${CMAKE_COMMAND} -D PAGE=${page} -D MODULE=${module} -D FUNCTION=${function} -D SOURCE=${source}
              -P ${embed_page_script}
      DEPENDS ${page} ${embed_page_script}
      COMMENT "Embedding ${function}" VERBATIM)
    target_sources(${target} PRIVATE ${source})
  endfunction()
  return()
endif()

file(READ ${PAGE} text)
string(REPLACE "/" "::" namespace porter/detail/${MODULE})
file(WRITE ${SOURCE} "// Written by EmbedPage.cmake from the page of the same name.
#include \"${MODULE}/${FUNCTION}.hpp\"

namespace ${namespace} {

std::string_view ${FUNCTION}() noexcept
{
    return R\"porter_page(${text})porter_page\";
}

}  // namespace ${namespace}
")

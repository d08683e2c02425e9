include(${CMAKE_CURRENT_LIST_DIR}/PorterFindLibrary.cmake)
porter_find_library(utf8proc utf8proc.h utf8proc)

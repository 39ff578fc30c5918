#pragma once
/*
 * processor: processor time so far, user's and kernel's, in seconds: what others do on the machine
 * does not count.
 */
#include <sys/types.h>

double processor_thread_s(void); /* of the calling thread */
double processor_program_s(pid_t pid); /* of all threads of a program that runs */

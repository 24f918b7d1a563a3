//! The calls into libpam. The library is opened by name when somebody logs in: neither building nor
//! running the program needs it otherwise.
//!
//! Source: Linux-PAM's manual pages pam_start(3), pam_conv(3), pam_authenticate(3), pam_acct_mgmt(3).
#![expect(unsafe_code, reason = "a C library is called; this process does nothing else")]

use std::ffi::{CString, c_char, c_int, c_void};
use std::ptr;

use libloading::Library;

const NAME: &str = "libpam.so.0";

const SUCCESS: c_int = 0;
const BUFFER_ERROR: c_int = 5;
const CONVERSATION_ERROR: c_int = 19;
const SILENT: c_int = 0x8000;
const NO_EMPTY_PASSWORD: c_int = 0x0001;
const PROMPT_ECHO_OFF: c_int = 1;
const PROMPT_ECHO_ON: c_int = 2;
const MESSAGES_MAX: c_int = 32;

/// A module's word. Source: `struct pam_message`.
#[repr(C)]
struct Message {
    style: c_int,
    text: *const c_char,
}

/// The answer to it. Source: `struct pam_response`.
#[repr(C)]
struct Answer {
    text: *mut c_char,
    code: c_int,
}

type Converse =
    unsafe extern "C" fn(c_int, *mut *const Message, *mut *mut Answer, *mut c_void) -> c_int;

/// Source: `struct pam_conv`.
#[repr(C)]
struct Conversation {
    converse: Converse,
    data: *mut c_void,
}

type Text = *const c_char;
type Start = unsafe extern "C" fn(Text, Text, *const Conversation, *mut *mut c_void) -> c_int;
type StartIn =
    unsafe extern "C" fn(Text, Text, *const Conversation, Text, *mut *mut c_void) -> c_int;
type Step = unsafe extern "C" fn(*mut c_void, c_int) -> c_int;

/// Whether the password is right and the account may be used. `None` if PAM cannot be asked.
pub(super) fn is_right(
    service: &str,
    rules: Option<&str>,
    user: &str,
    password: &str,
) -> Option<bool> {
    let (service, user) = (CString::new(service).ok()?, CString::new(user).ok()?);
    let password = CString::new(password).ok()?;
    let rules = rules.map(CString::new).transpose().ok()?;
    let conversation = Conversation { converse, data: password.as_ptr().cast_mut().cast() };
    // SAFETY: the names and signatures are those of Linux-PAM's headers. All texts and the
    // conversation outlive the handle, which is ended here; `converse` gets the password back as its
    // data and only reads it.
    unsafe {
        let library = Library::new(NAME).ok()?;
        let (authenticate, account, end) = (
            library.get::<Step>(b"pam_authenticate\0").ok()?,
            library.get::<Step>(b"pam_acct_mgmt\0").ok()?,
            library.get::<Step>(b"pam_end\0").ok()?,
        );
        let mut handle = ptr::null_mut();
        let started = match &rules {
            None => library.get::<Start>(b"pam_start\0").ok()?(
                service.as_ptr(),
                user.as_ptr(),
                &raw const conversation,
                &raw mut handle,
            ),
            Some(rules) => library.get::<StartIn>(b"pam_start_confdir\0").ok()?(
                service.as_ptr(),
                user.as_ptr(),
                &raw const conversation,
                rules.as_ptr(),
                &raw mut handle,
            ),
        };
        if started != SUCCESS || handle.is_null() {
            return None;
        }
        let mut code = authenticate(handle, SILENT | NO_EMPTY_PASSWORD);
        if code == SUCCESS {
            code = account(handle, SILENT);
        }
        end(handle, code);
        Some(code == SUCCESS)
    }
}

/// Answers each question with the password; what is only said is heard.
///
/// # Safety
/// To be called by libpam only, with the data that it was given: a text that ends with a zero.
unsafe extern "C" fn converse(
    count: c_int,
    messages: *mut *const Message,
    answers: *mut *mut Answer,
    data: *mut c_void,
) -> c_int {
    let Some(many) = usize::try_from(count).ok().filter(|_| (1..=MESSAGES_MAX).contains(&count))
    else {
        return CONVERSATION_ERROR;
    };
    // SAFETY: libpam gives `count` messages and takes `count` answers from the C allocator, which it
    // frees, with their texts. All are zero until written.
    unsafe {
        let all: *mut Answer = libc::calloc(many, size_of::<Answer>()).cast();
        if all.is_null() {
            return BUFFER_ERROR;
        }
        for at in 0..many {
            // Linux-PAM's way of passing messages: an array of pointers.
            let message = *messages.add(at);
            if matches!((*message).style, PROMPT_ECHO_OFF | PROMPT_ECHO_ON) {
                (*all.add(at)).text = libc::strdup(data.cast());
            }
        }
        *answers = all;
    }
    SUCCESS
}

package sip

import "strconv"

// Status codes of responses, each with the section that defines it.
const (
	StatusTrying                       = 100 // RFC 3261 §21.1.1
	StatusRinging                      = 180 // RFC 3261 §21.1.2
	StatusCallIsBeingForwarded         = 181 // RFC 3261 §21.1.3
	StatusQueued                       = 182 // RFC 3261 §21.1.4
	StatusSessionProgress              = 183 // RFC 3261 §21.1.5
	StatusEarlyDialogTerminated        = 199 // RFC 6228 §8
	StatusOK                           = 200 // RFC 3261 §21.2.1
	StatusAccepted                     = 202 // RFC 6665 §8.3.1
	StatusNoNotification               = 204 // RFC 5839 §7.1
	StatusMultipleChoices              = 300 // RFC 3261 §21.3.1
	StatusMovedPermanently             = 301 // RFC 3261 §21.3.2
	StatusMovedTemporarily             = 302 // RFC 3261 §21.3.3
	StatusUseProxy                     = 305 // RFC 3261 §21.3.4
	StatusAlternativeService           = 380 // RFC 3261 §21.3.5
	StatusBadRequest                   = 400 // RFC 3261 §21.4.1
	StatusUnauthorized                 = 401 // RFC 3261 §21.4.2
	StatusPaymentRequired              = 402 // RFC 3261 §21.4.3
	StatusForbidden                    = 403 // RFC 3261 §21.4.4
	StatusNotFound                     = 404 // RFC 3261 §21.4.5
	StatusMethodNotAllowed             = 405 // RFC 3261 §21.4.6
	StatusNotAcceptable                = 406 // RFC 3261 §21.4.7
	StatusProxyAuthenticationRequired  = 407 // RFC 3261 §21.4.8
	StatusRequestTimeout               = 408 // RFC 3261 §21.4.9
	StatusGone                         = 410 // RFC 3261 §21.4.10
	StatusConditionalRequestFailed     = 412 // RFC 3903 §11.2.1
	StatusRequestEntityTooLarge        = 413 // RFC 3261 §21.4.11
	StatusRequestURITooLong            = 414 // RFC 3261 §21.4.12
	StatusUnsupportedMediaType         = 415 // RFC 3261 §21.4.13
	StatusUnsupportedURIScheme         = 416 // RFC 3261 §21.4.14
	StatusUnknownResourcePriority      = 417 // RFC 4412 §4.6.2
	StatusBadExtension                 = 420 // RFC 3261 §21.4.15
	StatusExtensionRequired            = 421 // RFC 3261 §21.4.16
	StatusSessionIntervalTooSmall      = 422 // RFC 4028 §6
	StatusIntervalTooBrief             = 423 // RFC 3261 §21.4.17
	StatusBadLocationInformation       = 424 // RFC 6442 §4.3
	StatusUseIdentityHeader            = 428 // RFC 8224 §6.2.2
	StatusProvideReferrerIdentity      = 429 // RFC 3892 §5
	StatusFlowFailed                   = 430 // RFC 5626 §11.5
	StatusAnonymityDisallowed          = 433 // RFC 5079 §5
	StatusBadIdentityInfo              = 436 // RFC 8224 §6.2.2
	StatusUnsupportedCredential        = 437 // RFC 8224 §6.2.2
	StatusInvalidIdentityHeader        = 438 // RFC 8224 §6.2.2
	StatusFirstHopLacksOutboundSupport = 439 // RFC 5626 §11.6
	StatusMaxBreadthExceeded           = 440 // RFC 5393 §5.3.3.1
	StatusBadInfoPackage               = 469 // RFC 6086 §4.2.2
	StatusConsentNeeded                = 470 // RFC 5360 §5.9.2
	StatusTemporarilyUnavailable       = 480 // RFC 3261 §21.4.18
	StatusCallDoesNotExist             = 481 // RFC 3261 §21.4.19
	StatusLoopDetected                 = 482 // RFC 3261 §21.4.20
	StatusTooManyHops                  = 483 // RFC 3261 §21.4.21
	StatusAddressIncomplete            = 484 // RFC 3261 §21.4.22
	StatusAmbiguous                    = 485 // RFC 3261 §21.4.23
	StatusBusyHere                     = 486 // RFC 3261 §21.4.24
	StatusRequestTerminated            = 487 // RFC 3261 §21.4.25
	StatusNotAcceptableHere            = 488 // RFC 3261 §21.4.26
	StatusBadEvent                     = 489 // RFC 6665 §8.3.2
	StatusRequestPending               = 491 // RFC 3261 §21.4.27
	StatusUndecipherable               = 493 // RFC 3261 §21.4.28
	StatusSecurityAgreementRequired    = 494 // RFC 3329 §6.4
	StatusServerInternalError          = 500 // RFC 3261 §21.5.1
	StatusNotImplemented               = 501 // RFC 3261 §21.5.2
	StatusBadGateway                   = 502 // RFC 3261 §21.5.3
	StatusServiceUnavailable           = 503 // RFC 3261 §21.5.4
	StatusServerTimeout                = 504 // RFC 3261 §21.5.5
	StatusVersionNotSupported          = 505 // RFC 3261 §21.5.6
	StatusMessageTooLarge              = 513 // RFC 3261 §21.5.7
	StatusPushNotificationNotSupported = 555 // RFC 8599 §14.2.1
	StatusPreconditionFailure          = 580 // RFC 3312 §8
	StatusBusyEverywhere               = 600 // RFC 3261 §21.6.1
	StatusDecline                      = 603 // RFC 3261 §21.6.2
	StatusDoesNotExistAnywhere         = 604 // RFC 3261 §21.6.3
	StatusNotAcceptableAnywhere        = 606 // RFC 3261 §21.6.4
	StatusUnwanted                     = 607 // RFC 8197 §4
	StatusRejected                     = 608 // RFC 8688 §3.1
)

var reasons = map[int]string{
	StatusTrying:                       "Trying",
	StatusRinging:                      "Ringing",
	StatusCallIsBeingForwarded:         "Call Is Being Forwarded",
	StatusQueued:                       "Queued",
	StatusSessionProgress:              "Session Progress",
	StatusEarlyDialogTerminated:        "Early Dialog Terminated",
	StatusOK:                           "OK",
	StatusAccepted:                     "Accepted",
	StatusNoNotification:               "No Notification",
	StatusMultipleChoices:              "Multiple Choices",
	StatusMovedPermanently:             "Moved Permanently",
	StatusMovedTemporarily:             "Moved Temporarily",
	StatusUseProxy:                     "Use Proxy",
	StatusAlternativeService:           "Alternative Service",
	StatusBadRequest:                   "Bad Request",
	StatusUnauthorized:                 "Unauthorized",
	StatusPaymentRequired:              "Payment Required",
	StatusForbidden:                    "Forbidden",
	StatusNotFound:                     "Not Found",
	StatusMethodNotAllowed:             "Method Not Allowed",
	StatusNotAcceptable:                "Not Acceptable",
	StatusProxyAuthenticationRequired:  "Proxy Authentication Required",
	StatusRequestTimeout:               "Request Timeout",
	StatusGone:                         "Gone",
	StatusConditionalRequestFailed:     "Conditional Request Failed",
	StatusRequestEntityTooLarge:        "Request Entity Too Large",
	StatusRequestURITooLong:            "Request-URI Too Long",
	StatusUnsupportedMediaType:         "Unsupported Media Type",
	StatusUnsupportedURIScheme:         "Unsupported URI Scheme",
	StatusUnknownResourcePriority:      "Unknown Resource-Priority",
	StatusBadExtension:                 "Bad Extension",
	StatusExtensionRequired:            "Extension Required",
	StatusSessionIntervalTooSmall:      "Session Interval Too Small",
	StatusIntervalTooBrief:             "Interval Too Brief",
	StatusBadLocationInformation:       "Bad Location Information",
	StatusUseIdentityHeader:            "Use Identity Header",
	StatusProvideReferrerIdentity:      "Provide Referrer Identity",
	StatusFlowFailed:                   "Flow Failed",
	StatusAnonymityDisallowed:          "Anonymity Disallowed",
	StatusBadIdentityInfo:              "Bad Identity Info",
	StatusUnsupportedCredential:        "Unsupported Credential",
	StatusInvalidIdentityHeader:        "Invalid Identity Header",
	StatusFirstHopLacksOutboundSupport: "First Hop Lacks Outbound Support",
	StatusMaxBreadthExceeded:           "Max-Breadth Exceeded",
	StatusBadInfoPackage:               "Bad Info Package",
	StatusConsentNeeded:                "Consent Needed",
	StatusTemporarilyUnavailable:       "Temporarily Unavailable",
	StatusCallDoesNotExist:             "Call/Transaction Does Not Exist",
	StatusLoopDetected:                 "Loop Detected",
	StatusTooManyHops:                  "Too Many Hops",
	StatusAddressIncomplete:            "Address Incomplete",
	StatusAmbiguous:                    "Ambiguous",
	StatusBusyHere:                     "Busy Here",
	StatusRequestTerminated:            "Request Terminated",
	StatusNotAcceptableHere:            "Not Acceptable Here",
	StatusBadEvent:                     "Bad Event",
	StatusRequestPending:               "Request Pending",
	StatusUndecipherable:               "Undecipherable",
	StatusSecurityAgreementRequired:    "Security Agreement Required",
	StatusServerInternalError:          "Server Internal Error",
	StatusNotImplemented:               "Not Implemented",
	StatusBadGateway:                   "Bad Gateway",
	StatusServiceUnavailable:           "Service Unavailable",
	StatusServerTimeout:                "Server Time-out",
	StatusVersionNotSupported:          "Version Not Supported",
	StatusMessageTooLarge:              "Message Too Large",
	StatusPushNotificationNotSupported: "Push Notification Service Not Supported",
	StatusPreconditionFailure:          "Precondition Failure",
	StatusBusyEverywhere:               "Busy Everywhere",
	StatusDecline:                      "Decline",
	StatusDoesNotExistAnywhere:         "Does Not Exist Anywhere",
	StatusNotAcceptableAnywhere:        "Not Acceptable",
	StatusUnwanted:                     "Unwanted",
	StatusRejected:                     "Rejected",
}

// Phrase returns the usual reason phrase of a status code, or one of its class (RFC 3261 §8.1.3.2) for codes it does not know.
func Phrase(status int) string {
	if r, ok := reasons[status]; ok {
		return r
	}
	switch status / 100 {
	case 1:
		return reasons[StatusSessionProgress]
	case 2:
		return reasons[StatusOK]
	case 3:
		return reasons[StatusMultipleChoices]
	case 4:
		return reasons[StatusBadRequest]
	case 5:
		return reasons[StatusServerInternalError]
	case 6:
		return reasons[StatusDecline]
	}
	return "Status " + strconv.Itoa(status)
}

// Known reports whether the status code is one of the constants of this package.
func Known(status int) bool {
	_, ok := reasons[status]
	return ok
}

// ClassOf returns the code that stands for an unknown one of the same class (RFC 3261 §8.1.3.2): 499 is read as 400,
// an unknown provisional as 183, a code outside 100 to 699 as 500.
func ClassOf(status int) int {
	switch {
	case status < 100 || status > 699:
		return StatusServerInternalError
	case Known(status):
		return status
	case status < 200:
		return StatusSessionProgress
	}
	return status / 100 * 100
}

package api

import (
	"context"
	"net/url"
	"strings"

	"tandem/digital/access"
)

// UserPath names a user.
type UserPath struct {
	User string `path:"user" maxLength:"64"`
}

func (s *Server) registerUsers() {
	add(s, "listUsers", func(ctx context.Context, in *PageInput) (*listOutput[access.User], error) {
		page, err := in.page()
		if err != nil {
			return nil, err
		}
		users, err := s.Keeper.Users(ctx, page.After, page.Limit+1)
		if err != nil {
			return nil, err
		}
		return full(users, page.Limit, func(u access.User) string { return u.Name }), nil
	})
	add(s, "createUser", func(ctx context.Context, in *struct {
		Body struct {
			Name     string      `json:"name" minLength:"1" maxLength:"64" doc:"Of a-z, 0-9, dot, dash, underscore and @"`
			Role     access.Role `json:"role" enum:"admin,supervisor,agent,integrator"`
			Agent    string      `json:"agent,omitempty" maxLength:"128" doc:"The agent that the person works as"`
			Password string      `json:"password,omitempty" maxLength:"256" writeOnly:"true" doc:"At least 10 characters; absent: comes in by login links only"`
		}
	}) (*created[access.User], error) {
		u, err := s.Keeper.CreateUser(ctx, access.User{Name: in.Body.Name, Role: in.Body.Role, Agent: in.Body.Agent}, in.Body.Password)
		return replyNew(u, err, func(u access.User) string { return "/v1/users/" + url.PathEscape(u.Name) })
	})
	add(s, "showUser", func(ctx context.Context, in *struct {
		UserPath
		SeenInput
	}) (*tagged[access.User], error) {
		u, err := s.Keeper.User(ctx, in.User)
		if err != nil {
			return nil, err
		}
		return &tagged[access.User]{ETag: etag(u.Version), Body: u}, in.unchanged(u.Version)
	})
	s.registerUserCommands()
}

// LoginLink is a link that signs a user in once.
type LoginLink struct {
	URL    string `json:"url,omitempty"`
	Secret string `json:"secret"`
}

func (s *Server) registerUserCommands() {
	add(s, "changeUser", func(ctx context.Context, in *struct {
		UserPath
		MatchInput
		Body struct {
			Role     *access.Role `json:"role,omitempty" enum:"admin,supervisor,agent,integrator"`
			Agent    *string      `json:"agent,omitempty" maxLength:"128"`
			Disabled *bool        `json:"disabled,omitempty"`
			Password *string      `json:"password,omitempty" maxLength:"256" writeOnly:"true"`
		}
	}) (*tagged[access.User], error) {
		version, err := in.version()
		if err != nil {
			return nil, err
		}
		b := in.Body
		u, err := s.Keeper.ChangeUser(ctx, in.User, version, access.UserChange{Role: b.Role, Agent: b.Agent, Disabled: b.Disabled, Password: b.Password})
		return &tagged[access.User]{ETag: etag(u.Version), Body: u}, err
	})
	add(s, "removeUser", func(ctx context.Context, in *struct {
		UserPath
		MatchInput
	}) (*nothing, error) {
		version, err := in.version()
		if err != nil {
			return nil, err
		}
		return replyDone(s.Keeper.RemoveUser(ctx, in.User, version))
	})
	add(s, "loginLink", func(ctx context.Context, in *UserPath) (*output[LoginLink], error) {
		secret, err := s.Keeper.LoginLink(ctx, in.User)
		link := LoginLink{Secret: secret}
		if s.LoginPath != "" {
			link.URL = strings.TrimSuffix(s.PublicURL, "/") + s.LoginPath + secret
		}
		return reply(link, err)
	})
}
